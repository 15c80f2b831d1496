"""A configuration is read without the libraries that compute with it, so that a faulty one is refused at once."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "ray", "scipy", "sklearn", "matplotlib", "pandas", "pyarrow", "nibabel"}
READ = """
import sys
import uadray.training.resources
from uadray.config import RunConfig
from uadray.models.zoo import ZOO

for name in ZOO:
    run = RunConfig.parse({"model": name})
    run.model.check(256)
    run.describe()
print(*sys.modules)
"""


def test_every_row_of_the_zoo_is_read_and_checked_without_a_heavy_library():
    found = subprocess.run([sys.executable, "-c", READ], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "uadray.models.vae_gan" in found.stdout.split()
    assert HEAVY.isdisjoint(found.stdout.split())
