"""A faulty configuration is refused at once: reading one imports nothing of what its work needs."""

import subprocess
import sys
from pathlib import Path

import uadray

HEAVY = {"torch", "ray", "scipy", "sklearn", "matplotlib", "pandas", "pyarrow", "nibabel", "nilearn", "SimpleITK"}
READING = """
import sys
from pydantic import TypeAdapter
from uadray.data import study_needs, subject
from uadray.data.cohorts import CohortConfig
from uadray.data.preparation import PrepareConfig

TypeAdapter(CohortConfig).validate_json('{"kind": "phantom", "spacing_mm": 4}')
PrepareConfig()
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


def test_a_configuration_of_the_data_is_read_without_what_its_work_needs():
    root = Path(uadray.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", READING], cwd=root, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "uadray.data.preparation" in modules
    assert not HEAVY & set(modules)
