"""Data that several tests make."""

from pathlib import Path

import numpy as np

from uadray.data.pipeline import PipelineConfig
from uadray.data.preprocess.intensity import PercentileWindow
from uadray.data.preprocess.slices import FAR, SliceStack
from uadray.data.shares import HealthySubjects
from uadray.data.sifting import Prepared, Sifting
from uadray.data.store import Slices, Store
from uadray.data.store_writer import write
from uadray.data.subject import Part
from uadray.scoring.scorecard import PatientScore, Scorecard
from uadray.training.task import Task


def made_slices(patients=3, per_patient=2, size=32, seed=0, lesion=True):
    """Grey discs with texture; each patient's brighter square is a lesion."""
    random = np.random.default_rng(seed)
    count = patients * per_patient
    y, x = np.mgrid[:size, :size]
    disc = (y - size / 2) ** 2 + (x - size / 2) ** 2 < (0.42 * size) ** 2
    brain = np.broadcast_to(disc, (count, 1, size, size)).copy()
    images = (0.4 + 0.05 * random.standard_normal((count, 1, size, size))).clip(0.05, 1) * brain
    mask = np.zeros_like(brain)
    for number in range(count if lesion else 0):
        row, column = random.integers(size // 3, size // 2, 2)
        mask[number, 0, row : row + 5, column : column + 5] = True
    images = np.where(mask, 0.9, images).astype(np.float32)
    subjects = np.repeat([f"sub-{'lesion' if lesion else 'healthy'}{n:02d}" for n in range(patients)], per_patient)
    return Slices(images, brain, mask, subjects, np.tile(np.arange(per_patient, dtype=np.int32), patients))


def made_stack(images, brain, lesion, first=0, spacing_mm=(1.0, 2.0, 3.0)):
    """A stack whose pixels lie where their numbers say."""
    indices = np.arange(first, first + len(images), dtype=np.int32)
    return SliceStack(images, brain, lesion, indices, spacing_mm, np.full(len(images), FAR, np.int32), np.eye(4))


def made_store(folder: Path, size: int, members, key="key") -> Store:
    """A store of (subject, split, stack), without a scan."""
    config = PipelineConfig.parse({"canvas": {"kind": "pad", "size": size}})
    prepared = (Prepared(subject, Part(split, subject.group), stack, "mask") for subject, split, stack in members)
    return write(folder, key, config, PercentileWindow(), prepared, Sifting({}, HealthySubjects()))


def made_card(auprc, dice, threshold=0.1):
    """A scorecard of one patient, as a trial's record has it."""
    patient = PatientScore("sub-a", 1, 5, 0, 2, dice, auprc, 0.9, 1, 1, 2, 1)
    ends = {
        "upper_bound_dice": dice,
        "upper_bound_dice_mean": dice,
        "ceiling_dice_mean": 1.0,
        "ceiling_lesion_recall": 1.0,
    }
    lesions = {"lesion_recall": 1.0, "lesion_precision": 0.5, "lesion_f1": 2 / 3, "false_components_per_scan": 1.0}
    voxels = {"dice_mean": dice, "dice_std": 0.0, "auprc": auprc, "auroc": 0.9, "prevalence": 0.01}
    voxels |= {"whole_image_auprc": auprc, "whole_image_auroc": 0.99, "whole_image_prevalence": 0.005}
    return Scorecard(threshold=threshold, **voxels, **ends, **lesions, patients=(patient,))


def made_task(run, folder, index=0, limits=None, trainings=None, painting=None):
    """A task on slices of 32 pixels; its trained weights are its own unless `trainings` says where they are shared."""
    return Task(
        index, run, 32, str(folder), limits or {}, str(trainings or Path(folder) / "trainings"), "made", painting or {}
    )
