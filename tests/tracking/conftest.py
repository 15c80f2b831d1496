"""A finished study in its folder, and MLflow stores to log it to."""

import shutil
import socket
from pathlib import Path

import pytest
import torch
from making import made_slices, made_stack, made_store, made_task
from tracked import MlflowServer, held

from uadray.config import RunConfig
from uadray.data.subject import Subject
from uadray.files import write_json
from uadray.scoring.stacks import by_patient
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger
from uadray.study.result.comparison import write_comparison
from uadray.study.result.selection import select
from uadray.study.result.verdict import judge
from uadray.tracking.environment import write_environment
from uadray.tracking.mirror import Mirror
from uadray.tracking.server import Server
from uadray.training.loop import Rank
from uadray.training.task import Place
from uadray.training.worker import work

RUN = {
    "model": {"kind": "vae_gan", "latent": {"kind": "dense", "dim": 4}},
    "train": {"epochs": 2, "batch_size": 4, "precision": "fp32"},
}
PLAN = {
    "study": "toy",
    "cohort": {"kind": "bids", "root": "/data/hospital/scans"},
    "prepare": {"canvas": {"kind": "resample", "size": 32}},
    "objectives": {"val/dice_mean": "max", "val/seconds_per_slice": "min"},
    "budget": {"trials": 4},
    "tested": {"kind": "every_trial"},
    "run": RUN,
}


class Opened:
    """A store of made slices."""

    size, key = 32, "made"

    def subjects(self, split, group):
        return {"sub-healthy00": None}

    def read(self, split, group):
        seeds = {("val", "healthy"): 4, ("val", "lesion"): 0, ("test", "lesion"): 7, ("test", "healthy"): 8}
        return made_slices(seed=seeds[split, group], lesion=group == "lesion")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The workspace of a study: two seeds of a model, a larger one, a failed trial; searched, tested and compared."""
    workspace = tmp_path_factory.mktemp("workspace")
    folder, store = workspace / "studies" / "toy", Opened()
    ledger, plan = Ledger(folder), StudyConfig.parse(PLAN)
    slices = {"train": made_slices(6, seed=3, lesion=False)}
    slices |= {f"val_{group}": store.read("val", group) for group in ("healthy", "lesion")}
    place = Place(torch.device("cpu"), Rank(), lambda module: module, slices.__getitem__, lambda row: None)
    for index, (dim, seed) in enumerate([(4, 0), (4, 1), (8, 0)]):
        model = {**RUN["model"], "latent": {"kind": "dense", "dim": dim}}
        run = RunConfig.parse({"model": model, "train": {**RUN["train"], "seed": seed}})
        work(made_task(run.plain(), ledger.trial(index), index, trainings=workspace / "trainings"), place)
    reason = f"OSError: {workspace}/stores/x of sub-lesion01 at {socket.gethostname()}"
    ledger.fail(3, RunConfig.parse(RUN), reason)
    write_json(folder / "study.json", {"id": "5e55104", **plan.plain(), "store": store.key})
    made_store(workspace / "stores", 32, [*members(store), named("case_one", "train", slices["train"])], key="made")
    write_environment(folder)
    best = select(plan, ledger, store, "all 4 trials are done")
    write_comparison(judge(plan, ledger, store, best), ledger)
    write_json(folder / "importance.json", {"latent": 1.0})
    Mirror(folder, Server("sqlite:///none", workspace)).model_files()
    return workspace


def members(store):
    """The healthy validation subjects, as a store takes them."""
    slices = store.read("val", "healthy")
    return [named(name, "val", slices.only(rows)) for name, rows in by_patient(slices)]


def named(name, split, slices):
    """Slices as those of one healthy subject."""
    stack = made_stack(slices.images[:, 0], slices.brain[:, 0], slices.lesion[:, 0])
    return Subject(name, "healthy", "site", Path("none"), None, None), split, stack


@pytest.fixture
def workspace(finished, tmp_path):
    """A copy of the finished study's workspace, with the times of its files."""
    return Path(shutil.copytree(finished, tmp_path / "ws"))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """Made once: it takes seconds."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    Server(f"sqlite:///{path}", path.parent).experiment("none", "val/auprc", "max")
    return path


@pytest.fixture
def database(empty_database, workspace):
    """A database in the workspace that no study was logged to."""
    return Path(shutil.copy(empty_database, workspace / "mlflow.db"))


@pytest.fixture
def mirror(database, workspace):
    """Of the study, in the database."""
    return Mirror(workspace / "studies" / "toy", Server(f"sqlite:///{database}", workspace))


@pytest.fixture(scope="session")
def undisturbed(finished, empty_database, tmp_path_factory):
    """What a SQLite store has of the study that was logged at once."""
    folder = tmp_path_factory.mktemp("undisturbed")
    database = shutil.copy(empty_database, folder / "mlflow.db")
    copied = Path(shutil.copytree(finished, folder / "ws"))
    mirror = Mirror(copied / "studies" / "toy", Server(f"sqlite:///{database}", copied))
    mirror.everything()
    return held(mirror.server.client)


@pytest.fixture
def mlflow_server(tmp_path, empty_database):
    """A server that is not yet started, on SQLite."""
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copy(empty_database, folder / "server.db")
    server = MlflowServer(folder, "sqlite:///server.db")
    yield server
    server.kill()
