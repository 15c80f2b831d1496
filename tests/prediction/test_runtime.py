"""Another runtime finds what PyTorch finds, to its precision, and says that it was used; else it is refused."""

import json
import sys

import numpy as np
import pytest
import torch
from applying import made_graph, scan_of
from commanding import command

from uadray.bundle.writing import write_bundle
from uadray.errors import ConfigError, DataError, StudyError
from uadray.models.blocks import PRESETS
from uadray.models.folding import shortest
from uadray.predict import predict as apply
from uadray.prediction import openvino as runtime_of
from uadray.prediction.batch import predict_all
from uadray.prediction.predicting import predict
from uadray.prediction.runtime import RUNTIMES, OpenVino
from uadray.prediction.scans import wanted

CPU = torch.device("cpu")
HAS_BF16 = shortest(CPU) is torch.bfloat16


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    store, ledger, bundle = made_graph(folder)
    return folder, store, ledger, bundle, scan_of(folder, next(iter(store.subjects("val", "lesion"))))


@pytest.fixture(autouse=True)
def compiled_anew():
    runtime_of._network.cache_clear()


def test_openvino_in_fp32_finds_what_pytorch_finds(made):
    *_, bundle, scan = made
    ours, other = predict(bundle, scan), predict(bundle, scan, runtime=OpenVino())
    assert ours.segmentation.any()
    assert np.array_equal(ours.segmentation, other.segmentation)
    np.testing.assert_allclose(other.reconstruction, ours.reconstruction, atol=1e-5)
    assert (ours.runtime, other.runtime) == ("PyTorch, fp32", "OpenVINO, fp32")


@pytest.mark.skipif(not HAS_BF16, reason="this CPU has no bf16")
def test_openvino_in_bf16_is_near_and_not_the_same(made):
    *_, bundle, scan = made
    ours, other = predict(bundle, scan), predict(bundle, scan, runtime=OpenVino(precision="bf16"))
    assert not np.array_equal(ours.reconstruction, other.reconstruction)
    np.testing.assert_allclose(other.reconstruction, ours.reconstruction, atol=0.05)
    assert other.runtime == "OpenVINO, bf16"


def test_a_head_in_blocks_of_pixels_reconstructs_as_pytorch(tmp_path):
    latent = {"kind": "spatial", "size": 8, "channels": 4}
    backbone = {**PRESETS["larsen2018"].plain(), "base_width": 4, "max_width": 8}
    model = {"kind": "vae_gan", "latent": latent, "backbone": backbone}
    store, _, bundle = made_graph(tmp_path, model=model)
    slices = torch.from_numpy(store.read("val", "lesion").images)
    with torch.no_grad():
        expected = bundle.detector().model.reconstruct(slices)
    got = OpenVino().detector(bundle, CPU).model.reconstruct(slices)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)
    convolutions = runtime_of._network(bundle, "fp32", torch.get_num_threads()).request.get_compiled_model()
    assert "DepthToSpace" in str(
        [node.get_rt_info()["layerType"].value for node in convolutions.get_runtime_model().get_ops()]
    )


def test_results_of_another_runtime_are_told_apart_and_not_taken_for_those_of_pytorch(made, tmp_path):
    *_, bundle, scan = made
    known = []
    for name in ("torch", "openvino", "openvino"):
        predict_all(bundle, wanted(scan), tmp_path, lambda _, was: known.append(was), runtime=RUNTIMES[name])
    assert known == [False, False, True]
    (sidecar,) = tmp_path.glob("sub-*/**/anat/*_lesions.json")
    assert json.loads(sidecar.read_text())["Runtime"] == "OpenVINO, fp32"


def test_the_command_says_the_runtime_and_refuses_a_model_without_its_graph(made, tmp_path):
    _, store, ledger, bundle, scan = made
    ended = command(apply, bundle.path, scan, "-o", tmp_path / "out", "--runtime", "openvino")
    assert ended.exit_code == 0, ended.output
    assert "OpenVINO, fp32" in ended.output
    alone = write_bundle(ledger, store, ledger.record(0), tmp_path / "alone")
    with pytest.raises(DataError, match=r"UAD-382.*--onnx"):
        predict_all(alone, wanted(scan), tmp_path / "none", runtime=OpenVino())
    assert not (tmp_path / "none").exists()


def test_other_devices_missing_packages_and_wrong_reconstructions_are_refused(made, monkeypatch):
    bundle = made[3]
    with pytest.raises(ConfigError, match="UAD-383"):
        OpenVino().detector(bundle, torch.device("meta"))
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "openvino", None)
        with pytest.raises(ConfigError, match=r"UAD-150 openvino.*uadray\[openvino\]"):
            OpenVino().detector(bundle, CPU)
    monkeypatch.setattr(runtime_of.Compiled, "reconstruct", lambda self, images: images)
    with pytest.raises(StudyError, match="UAD-384"):
        OpenVino().detector(bundle, CPU)
