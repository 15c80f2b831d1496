"""`uadray VERB`, or `python -m uadray VERB`: every entry point under one name."""

from __future__ import annotations

import typer

from uadray.bids_app import ManyLabels, bids_app
from uadray.compare import compare
from uadray.doctor import doctor
from uadray.evaluate import evaluate
from uadray.export import export
from uadray.fetch import fetch
from uadray.fsck import fsck
from uadray.mlflow_sync import mlflow_sync
from uadray.predict import predict
from uadray.prepare import prepare
from uadray.qc import qc
from uadray.report import report
from uadray.retrain import retrain
from uadray.schema import schema
from uadray.status import status
from uadray.sweep import sweep
from uadray.train import train
from uadray.ui import ui

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
for verb in (
    *(sweep, train, retrain, status, evaluate, report, compare, export, predict),
    *(prepare, qc, fsck, schema, ui, mlflow_sync, fetch, doctor),
):
    app.command()(verb)
app.command(cls=ManyLabels)(bids_app)

if __name__ == "__main__":
    app()
