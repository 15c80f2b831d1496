"""The libraries' own talk goes to a file of the study, so that the screen shows the study."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path

TALKATIVE = ("ray", "ray.data", "ray.train", "ray.tune", "optuna", "mlflow", "alembic", "py.warnings")
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing leaves this machine
    "RAY_AIR_NEW_OUTPUT": "0",  # our own table instead of Ray Tune's
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # the ledger and MLflow are the logs
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # objectives come once, with the record, not with every epoch
}


def log_to(path: Path) -> None:
    """Send what the libraries log and warn to a file; call it before Ray starts."""
    os.environ |= SETTINGS
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.captureWarnings(True)
    warnings.simplefilter("default")
    logging.getLogger().handlers[:] = [handler]
    silence()


def silence() -> None:
    """Take the libraries' own handlers away: what they log goes to the root logger's file alone."""
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
