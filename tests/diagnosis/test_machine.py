from uadray.diagnosis.finding import State
from uadray.diagnosis.machine import GIB, machine, memory, processors, shared_memory


def test_this_machine_has_cpus_and_memory(tmp_path):
    found = {finding.about: finding for finding in machine(tmp_path)}
    assert int(found["CPUs"].said) >= 1
    assert "GiB" in found["memory"].said


def test_a_container_that_may_use_fewer_cpus_than_it_sees_is_told(tmp_path):
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (cpus, *_) = machine(tmp_path)
    assert cpus.state is State.WARNING
    assert "may use 0.5" in cpus.said
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert next(iter(machine(tmp_path))).state is State.OK
    assert processors(4, 8.0).state is State.OK


def test_the_memory_of_a_container_counts_and_too_little_is_a_warning(tmp_path):
    (tmp_path / "memory.max").write_text(str(GIB))
    found = {finding.about: finding for finding in machine(tmp_path)}
    assert found["memory"].said == "1.0 GiB available"
    assert found["memory"].state is State.WARNING
    assert memory(64 * GIB, None).state is State.OK
    assert memory(None, None).state is State.OK


def test_the_shared_memory_of_a_plain_container_is_too_small_for_ray():
    assert shared_memory(64 * 2**20).state is State.WARNING
    assert "--shm-size" in shared_memory(64 * 2**20).do
    assert shared_memory(8 * GIB).state is State.OK
