"""Preparing as its user runs it: what is printed, and the exit code."""

import pytest
from commanding import command

from uadray.data.phantom.cohort import PhantomCohort
from uadray.prepare import prepare
from uadray.sweep import sweep

SPACE = """\
study: tiny
prepare:
  slices: {{kind: middle, count: 4}}
  canvas: {{kind: resample, size: 32}}
  max_excluded: {most}
run: {{model: sVAE}}
"""


def cohort(folder, healthy=5, lesion=2):
    made = PhantomCohort(healthy=healthy, lesion=lesion, spacing_mm=4).subjects(folder)
    return made[0].image.parents[2]


def run(verb, folder, root, *options, most=0):
    (folder / "tiny.yaml").write_text(SPACE.format(most=most))
    arguments = [str(folder / "tiny.yaml"), "--workspace", str(folder / "runs"), "--bids", str(root), *options]
    return command(verb, *arguments)


def rot(root):
    scan = sorted(root.glob("sub-*/anat/*FLAIR*"))[0]
    scan.write_bytes(scan.read_bytes()[:-9])
    return scan


def test_a_sound_cohort_is_prepared_and_the_store_named(tmp_path):
    done = run(prepare, tmp_path, cohort(tmp_path))
    assert done.exit_code == 0
    assert "train 3 healthy (12 slices)" in done.output
    assert "store: " in done.output
    assert (tmp_path / "runs/stores").is_dir()


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_a_workspace_at_a_url_is_refused_with_the_command_that_takes_one(tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(SPACE.format(most=0))
    done = command(prepare, "tiny.yaml", "--bids", cohort(tmp_path), "--workspace", "s3://key@bucket/runs", *options)
    assert done.exit_code == 2
    assert "UAD-454 --workspace: must be a folder; got bucket/runs." in done.output
    assert "uadray.sweep with --workspace URL" in done.output
    assert not (tmp_path / "s3:").exists()


def test_a_faulty_scan_is_refused_by_name(tmp_path):
    root = cohort(tmp_path)
    scan = rot(root)
    for options in ((), ("--check",)):
        done = run(prepare, tmp_path, root, *options)
        assert done.exit_code == 2
        assert "UAD-102" in done.output
        assert scan.name in done.output


def test_a_faulty_scan_that_may_be_left_out_is_and_the_exit_code_says_so(tmp_path):
    root = cohort(tmp_path)
    rot(root)
    done = run(prepare, tmp_path, root, most=1)
    assert done.exit_code == 3
    assert "1 left out" in done.output
    assert "exclusions.tsv" in done.output


def test_a_study_of_patients_alone_is_refused_before_it_prepares(tmp_path):
    root = cohort(tmp_path, healthy=5, lesion=2)
    table = root / "participants.tsv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], *(line for line in lines if "lesion" in line)]) + "\n")
    done = run(sweep, tmp_path, root)
    assert done.exit_code == 2
    assert "UAD-130" in done.output
    assert "prepare.train_on" in done.output
    assert not (tmp_path / "runs/stores").exists()
    assert run(prepare, tmp_path, root).exit_code == 0
