"""A faulty file is refused, and help is given, before a library is loaded that computes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = {
    "torch",
    "ray",
    "scipy",
    "sklearn",
    "matplotlib",
    "pandas",
    "nibabel",
    "nilearn",
    "SimpleITK",
    "mlflow",
    "optuna",
}
READ = """
import sys
import uadray.__main__
from uadray.config import RunConfig
from uadray.data.preparation import PrepareConfig
from uadray.models.zoo import ZOO
from uadray.study.reading.checking import load

load(__import__("pathlib").Path("search_spaces/latent.yaml"))
for name in ZOO:
    run = RunConfig.parse({"model": name})
    run.model.check(256)
    run.describe()
PrepareConfig.parse({
    "skull_strip": {"kind": "robex"},
    "register_to": {"kind": "mni152"},
    "denoise": {"kind": "curvature_flow"},
    "bias": {"kind": "n4"},
    "intensity": {"kind": "histogram_match"},
    "canvas": {"kind": "resample"},
    "train_on": {"kind": "lesion_free_slices"},
})
print(*sys.modules)
"""


def test_every_command_and_every_configuration_is_read_without_a_heavy_library():
    found = subprocess.run([sys.executable, "-c", READ], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(found.stdout.split())
    assert "uadray.sweep" in modules
    assert not HEAVY & modules


def test_a_faulty_search_space_is_refused_before_ray_starts(tmp_path):
    (tmp_path / "bad.yaml").write_text("study: 3\n")
    command = [sys.executable, "-m", "uadray.sweep", str(tmp_path / "bad.yaml")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert "3 problems; nothing was computed." in done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "bad.yaml"]
