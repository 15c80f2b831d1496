"""One tracking database for all studies of these tests: making one takes seconds."""

import pytest
from logging_studies import BAR, CURVE, A, B, C, Logged, card_of, run_config


@pytest.fixture(autouse=True)
def _no_server_of_the_person_who_tests(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def seeds(workspace):
    """dVAE three times, of which one failed, sAE1 twice, and the intensity baseline."""
    study = Logged(workspace, "seeds")
    for trial, (dices, auprc) in enumerate([(A, 0.3), (B, 0.5)]):
        card = card_of(dices, A, auprc)
        study.trial(trial, run_config("dVAE", trial), {"val": card, "test": card}, curve=CURVE, selected="true")
    study.trial(2, run_config("dVAE", 2), {}, status="failed", reason="out of memory")
    for trial in (3, 4):
        card = card_of(C, C, 0.1)
        study.trial(trial, run_config("sAE1", trial), {"val": card, "test": card}, seconds=0.02)
    return study.trial(
        -1, run_config("intensity"), {"val": card_of(BAR, BAR, 0.6), "test": card_of(BAR, BAR, 0.6)}
    ).folder


@pytest.fixture(scope="session")
def search(workspace):
    """Spatial models only, one seed each, scored on validation patients."""
    study = Logged(workspace, "search")
    latents = [{"kind": "spatial", "size": 4, "channels": n} for n in (4, 16, 64)]
    posteriors = [{"kind": "gaussian", "kl_weight": w} for w in (0.001, 0.1, 1.0)] + [{"kind": "deterministic"}]
    pairs = [(latents[0], posteriors[0]), (latents[1], posteriors[1]), (latents[2], posteriors[2])]
    for trial, (latent, posterior) in enumerate([*pairs, (latents[0], posteriors[3]), (latents[2], posteriors[0])]):
        model = {"kind": "vae_gan", "latent": latent, "posterior": posterior}
        dices = [value * (trial + 1) / 5 for value in A]
        status = "stopped" if trial == 4 else "completed"
        study.trial(trial, run_config(model), {"val": card_of(dices, dices, 0.1 * (trial + 1))}, status=status)
    return study.folder


@pytest.fixture(scope="session")
def alike(workspace):
    """Two trials with the same weights of the loss."""
    study = Logged(workspace, "alike")
    for trial in (0, 1):
        study.trial(trial, run_config("dAE", trial), {"val": card_of(A, A)})
    return study.folder
