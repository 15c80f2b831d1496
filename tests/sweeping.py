"""A small study swept as a user would, in a process of its own."""

import json
import subprocess
import sys

SPACE = """\
study: tiny
cohort: {kind: phantom, healthy: 8, lesion: 4, spacing_mm: 4}
prepare: {slices: {kind: middle, count: 6}, canvas: {kind: resample, size: 32}}
objectives: {val/dice_mean: max}
budget: {trials: 5, concurrent_trials: 2}
sampler: {kind: tpe, startup_trials: 2}
scheduler: {kind: asha, grace_epochs: 1, reduction_factor: 2}
enqueue: [sVAE]
run:
  model:
    kind: vae_gan
    latent:
      choice:
        - {kind: dense, dim: {choice: [8, 16]}}
        - {kind: spatial, size: {choice: [8, 16]}, channels: {choice: [4, 64]}}
    posterior: {choice: [{kind: deterministic}, {kind: gaussian, kl_weight: {loguniform: [1.0e-3, 1.0]}}]}
    adversary: {choice: [{kind: none}, {kind: image}]}
  train: {epochs: 3}
  scoring: {median_filter: 3, threshold: {kind: healthy_percentile, percentile: {uniform: [90.0, 99.0]}}}
"""
RANDOM = SPACE.replace("{kind: tpe, startup_trials: 2}", "{kind: random}")
RANDOM = RANDOM.replace("trials: 5", "trials: 3").replace("epochs: 3", "epochs: 2")
"""A shorter one, whose table is the same wherever its trials are computed."""


def command(folder, *options, space=SPACE):
    """The sweep of a space in a folder, as a subprocess would be started."""
    (folder / "tiny.yaml").write_text(space)
    return [
        sys.executable,
        "-m",
        "uadray.sweep",
        str(folder / "tiny.yaml"),
        "--workspace",
        str(folder / "runs"),
        *options,
    ]


def run(arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=300, **options)


def table(folder):
    """The study's numbers, times aside."""
    study = folder / "runs" / "studies" / "tiny"
    trials = {path.parent.name: json.loads(path.read_text()) for path in study.glob("trials/*/trial.json")}
    return without_times(
        {"trials": trials, **{name: json.loads((study / f"{name}.json").read_text()) for name in ("selection", "test")}}
    )


def without_times(tree):
    if isinstance(tree, dict):
        return {key: without_times(value) for key, value in tree.items() if "seconds" not in key and key != "timing"}
    return [without_times(value) for value in tree] if isinstance(tree, list) else tree


def verb(name, *arguments):
    return run([sys.executable, "-m", f"uadray.{name}", *map(str, arguments)])
