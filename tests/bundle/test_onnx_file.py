"""The ONNX of a model reconstructs as the model does, for any number of slices, or is not written."""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from applying import made_bundle, made_graph
from commanding import command
from making import made_slices
from small_zoo import small

from uadray.bundle import onnx_file
from uadray.bundle.bundle import Bundle
from uadray.bundle.onnx_file import BOUND, OPSET, require_onnx, write_onnx
from uadray.bundle.writing import write_bundle
from uadray.errors import ConfigError, DataError, StudyError
from uadray.export import export
from uadray.models.zoo import ZOO

pytestmark = pytest.mark.slow

ONE_PASS = [name for name in ZOO if not small(name).obstacle]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    return folder, *made_graph(folder)


def run(*arguments):
    return command(export, *arguments)


def test_all_models_but_those_that_search_or_take_many_steps_reconstruct_in_one_pass():
    assert set(ZOO) - set(ONE_PASS) == {"AnoGAN", "restoration", "diffusion", "intensity"}


@pytest.mark.parametrize(
    "name",
    [name if name in ("dAE", "sVAE", "denoising") else pytest.param(name, marks=pytest.mark.slow) for name in ONE_PASS],
)
def test_onnxruntime_reconstructs_as_the_model_for_any_number_of_slices(name, tmp_path):
    torch.manual_seed(0)
    model, slices = small(name).build(32).eval(), made_slices(patients=2, per_patient=5)
    images = slices.images * slices.brain
    images[3] = 0  # nothing of a brain
    said = write_onnx(model, images, tmp_path)
    assert said.opset == OPSET
    assert said.largest_difference <= said.bound == BOUND
    content = (tmp_path / "reconstruction.onnx").read_bytes()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    for count in (1, 4, 10):
        (got,) = session.run(["reconstruction"], {"images": images[:count]})
        with torch.no_grad():
            expected = model.reconstruct(torch.from_numpy(images[:count])).numpy()
        np.testing.assert_allclose(got, expected, atol=BOUND)


def test_it_tells_nothing_of_the_machine_that_made_it_and_says_its_opset(made):
    graph = onnx.load(made[3].path / "reconstruction.onnx")
    assert not [node for node in graph.graph.node if node.metadata_props or node.doc_string]
    assert b".py" not in graph.SerializeToString()
    assert [each.version for each in graph.opset_import if each.domain == ""] == [OPSET]
    (batch, *sides) = graph.graph.input[0].type.tensor_type.shape.dim
    assert batch.dim_param
    assert [side.dim_value for side in sides] == [1, 32, 32]


def test_the_model_file_lists_it_and_the_same_trial_gives_the_same_bytes(made, tmp_path):
    _, store, ledger, bundle = made
    assert "reconstruction.onnx" in (bundle.path / "SHA256SUMS").read_text()
    assert f"opset {OPSET}" in (bundle.path / "README.md").read_text()
    assert bundle.content.graph.slices == min(32, bundle.content.population.slices)
    assert write_bundle(ledger, store, ledger.record(0), tmp_path / "again", write_onnx).digest == bundle.digest


def test_a_damaged_or_missing_graph_is_refused_and_a_model_of_before_there_were_any_is_opened(made, tmp_path):
    _, store, ledger, _ = made
    alone = write_bundle(ledger, store, ledger.record(0), tmp_path / "model")
    assert alone.content.graph is None
    described = json.loads((alone.path / "model.json").read_text())
    assert (
        type(alone.content).parse({name: value for name, value in described.items() if name != "graph"})
        == alone.content
    )
    own = write_bundle(ledger, store, ledger.record(0), tmp_path / "model", write_onnx)
    (own.path / "reconstruction.onnx").write_bytes(b"other")
    with pytest.raises(DataError, match="UAD-371"):
        Bundle.open(own.path)
    (own.path / "reconstruction.onnx").unlink()
    with pytest.raises(DataError, match="UAD-373"):
        Bundle.open(own.path)


def test_a_graph_that_reconstructs_otherwise_is_refused_and_nothing_is_left(made, tmp_path, monkeypatch):
    _, store, ledger, _ = made
    torch.manual_seed(1)
    other = onnx_file._graph(small("sAE3").build(32).eval(), 32)
    monkeypatch.setattr(onnx_file, "_graph", lambda model, size: other)
    with pytest.raises(StudyError, match="UAD-381"):
        write_bundle(ledger, store, ledger.record(0), tmp_path / "model", write_onnx)
    assert list(tmp_path.iterdir()) == []


def test_models_that_search_and_machines_without_the_packages_are_refused_first(monkeypatch):
    for name in ("AnoGAN", "restoration", "diffusion", "intensity"):
        with pytest.raises(ConfigError, match="UAD-380"):
            require_onnx(small(name))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigError, match=r"UAD-150 onnxruntime.*uadray\[onnx\]"):
        require_onnx(small("sVAE"))


def test_the_command_writes_it_where_asked_and_refuses_a_model_that_has_none(made, tmp_path):
    folder = made[0]
    ended = run("toy", "--workspace", folder, "-o", tmp_path / "model", "--onnx")
    assert ended.exit_code == 0, ended.output
    assert "reconstruction.onnx" in ended.output
    assert run("toy", "--workspace", folder, "-o", tmp_path / "model").exit_code == 0
    assert not (tmp_path / "model" / "reconstruction.onnx").exists()
    made_bundle(tmp_path / "bar")
    assert run("toy", "--workspace", tmp_path / "bar", "-o", tmp_path / "other", "--onnx").exit_code == 2
    assert not (tmp_path / "other").exists()


def test_a_median_without_a_number_and_of_an_even_count_is_torchs():
    values = torch.tensor([[1.0, 3.0, torch.nan, 2.0, 4.0], [torch.nan] * 5, [5.0, torch.nan, 5.0, 1.0, torch.nan]])
    assert torch.equal(onnx_file._nanmedian(values, 1)[0].nan_to_num(-1), values.nanmedian(1).values.nan_to_num(-1))
