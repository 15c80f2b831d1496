"""Six scripts behind docs/benchmarks.md, those that are quick at their smallest, run; what they measure then says nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "last"),
    [
        ("predict.py scan --backbone baur2021 --rounds 1 --threads 1", "openvino-bf16: reconstruction"),
        ("scoring.py --voxels 200000 --rounds 1", "| 200,000 | 0%"),
        ("scoring_patient.py --slices 2 --size 32 --rounds 1", "hyperintensity, components |"),
        ("filters.py --slices 2 --sample 1 --size 32 --rounds 1", "| 5 x 5 x 5 | positive |"),
        ("train_step.py --sizes 32 --rounds 1", "| sVAE-GAN | 32 |"),
        ("scale.py draws --trials 200", '{"part": "draws"'),
    ],
    ids=lambda value: value.split()[0] if value.endswith(("0", "1")) else "",
)
def test_a_benchmark_runs_to_its_last_line(script, last):
    name, *options = script.split()
    command = [sys.executable, str(ROOT / "benchmarks" / name), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert last in done.stdout.splitlines()[-1], done.stdout
