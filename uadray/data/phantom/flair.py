"""What a scanner makes of a brain: the contrast of FLAIR, what is bright in everybody, the coil and the noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uadray.data.phantom.anatomy import Anatomy
from uadray.data.phantom.fields import Floats, ball, smooth_field
from uadray.data.phantom.lesions import Lesions

CSF, WHITE, GREY = (0.13, 0.12), (0.55, 0.02), (0.65, 0.02)  # signal, its relative deviation between people
DEEP_GREY = 0.09  # how much darker than cortex basal ganglia and thalamus are
DEEP_GREY_MM = ((0.0, -8.0, 4.0), (32.0, 40.0, 24.0))  # the ellipsoid that holds them: centre, half axes
BRIGHT_CORTEX = (0.03, 0.1)  # how much brighter than other cortex insula, cingulate and amygdala are
BRIGHT_CORTEX_MM = (  # x, y, z, radius
    (-38.0, 6.0, 2.0, 10.0),
    (38.0, 6.0, 2.0, 10.0),
    (0.0, 36.0, 18.0, 12.0),
    (-28.0, -4.0, -20.0, 9.0),
    (28.0, -4.0, -20.0, 9.0),
)
PATCHES = (12.0, 0.045)  # mm between patches of bright cortex anywhere, deviation of their brightness
RIM, RIM_MM = (0.08, 0.25), 1.2  # excess at the ventricles' walls, white matter being 1, and how deep it goes
CAPS, CAPS_MM = (0.1, 0.35), (3.5, 6.5)  # likewise at the tips of their horns
TEXTURES = ((4.0, 0.02), (12.0, 0.02))  # mm, relative deviation
COIL, COIL_MM = (0.04, 0.08), 55.0  # deviation of its logarithm: 10 to 20 % from one end of the head to the other
SIGNAL_TO_NOISE = (25.0, 40.0)  # of white matter
GAIN = (2000.0, 0.15)  # of the receiver: median, log-normal deviation


def scan(anatomy: Anatomy, lesions: Lesions, generator: np.random.Generator) -> NDArray[np.int16]:
    """The FLAIR signal at the P voxels of a brain, 1 or more; white matter is at about 1100."""
    csf, white, grey = (mean * (1 + deviation * generator.standard_normal()) for mean, deviation in (CSF, WHITE, GREY))
    texture = 1 + sum(part * smooth_field(mm, generator).at(anatomy.points_mm) for mm, part in TEXTURES)
    tissue = anatomy.white * white + anatomy.grey * grey * _cortex(anatomy, generator)
    excess = np.maximum(lesions.excess, _healthy_excess(anatomy, generator))
    signal = tissue * texture + anatomy.csf * csf + excess * white

    coil = np.exp(generator.uniform(*COIL) * smooth_field(COIL_MM, generator).at(anatomy.points_mm))
    noise = generator.normal(0, white / generator.uniform(*SIGNAL_TO_NOISE), (2, signal.size))
    magnitude = np.hypot(signal * coil + noise[0], noise[1])  # Rician
    gain = GAIN[0] * np.exp(GAIN[1] * generator.standard_normal())
    return np.asarray(np.rint(magnitude * gain).clip(1, np.iinfo(np.int16).max), np.int16)


def _cortex(anatomy: Anatomy, generator: np.random.Generator) -> Floats:
    """Grey matter's signal, 1 being plain cortex; (P,)."""
    centre, half_axes = (np.array(triple, np.float32)[:, None] for triple in DEEP_GREY_MM)
    deep = 1 / (1 + np.exp(12 * (np.linalg.norm((anatomy.atlas_mm - centre) / half_axes, axis=0) - 1)))
    bright = sum(ball(anatomy.atlas_mm, np.array(centre), radius) for *centre, radius in BRIGHT_CORTEX_MM)
    patches = np.maximum(smooth_field(PATCHES[0], generator).at(anatomy.points_mm), 0)
    return np.asarray(1 - DEEP_GREY * deep + generator.uniform(*BRIGHT_CORTEX) * bright + PATCHES[1] * patches)


def _healthy_excess(anatomy: Anatomy, generator: np.random.Generator) -> Floats:
    """The rim and the caps that ventricles have in everybody; (P,)."""
    excess = generator.uniform(*RIM) * np.exp(-np.maximum(anatomy.ventricle_mm, 0) / RIM_MM)
    for horn_mm in anatomy.horns_mm:
        excess += generator.uniform(*CAPS) * ball(anatomy.atlas_mm, horn_mm, generator.uniform(*CAPS_MM))
    return np.asarray(excess * (1 - anatomy.csf))
