from uadray.diagnosis.finding import State
from uadray.diagnosis.gpus import Built, gpus, judged

CARD = "NVIDIA H200, 143771 MiB, 570.124.06 (driver)"


def last(cards, built):
    return list(judged(cards, built))[-1]


def test_a_machine_without_gpu_is_fit_for_the_cpu():
    assert last([], Built("2.13.0", None, 0)).state is State.OK


def test_each_gpu_is_shown_and_torch_that_computes_on_them_is_fit():
    found = list(judged([CARD, CARD], Built("2.13.0", "12.8", 2)))
    assert [finding.about for finding in found] == ["GPU 0", "GPU 1", "GPUs"]
    assert found[-1].said == "torch CUDA 12.8 computes on 2"


def test_a_torch_without_cuda_beside_a_gpu_is_a_problem():
    finding = last([CARD], Built("2.13.0+cpu", None, 0))
    assert finding.state is State.PROBLEM
    assert "2.13.0+cpu without CUDA reaches none of 1" in finding.said


def test_a_torch_that_has_no_code_for_the_gpu_is_a_problem():
    finding = last([CARD], Built("2.13.0", "12.8", 1, "no kernel image is available"))
    assert finding.state is State.PROBLEM
    assert "no kernel image" in finding.said


def test_this_machine_can_be_asked():
    assert all(finding.state is State.OK for finding in gpus())
