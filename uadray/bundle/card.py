"""The model card: what a model file says about itself, for people (Mitchell et al. 2019, Model Cards)."""

from __future__ import annotations

from collections.abc import Iterator

from uadray.bundle.content import Content, Score
from uadray.scoring.threshold import ScanPercentile
from uadray.scoring.usual import WORDS, expected
from uadray.yaml_file import dump

METRICS = {
    "dice_mean": "Dice, mean over patients",
    "auprc": "AUPRC, brain voxels of all patients",
    "prevalence": "chance level of AUPRC",
    "lesion_recall": "lesions found, mean over patients",
    "false_components_per_scan": "false findings a patient",
    "healthy_share_of_brain": "share of the brain called lesion in healthy subjects",
    "baseline_dice_mean": "Dice of the intensity baseline",
    "baseline_auprc": "AUPRC of the intensity baseline",
}


def card(content: Content) -> str:
    """The card as Markdown; nothing in it that is not in the content."""
    prepare = dump(content.prepare.plain(), width=100)
    run = dump(content.run.plain(), width=100)
    own = isinstance(content.threshold, ScanPercentile)
    threshold = "set by each scan itself" if own else f"{content.threshold:.4g}"
    versions = ", ".join(f"{name} {version}" for name, version in content.versions.items())
    people = f"{content.population.subjects} healthy validation subjects ({content.population.slices} slices)"
    return f"""# {content.description}

**{content.notice}** It may miss lesions and call healthy tissue lesion. Do not base a diagnosis or a treatment on it.

Trial {content.trial} of the study {content.study}, made by uadray {content.versions["uadray"]}.
It reconstructs axial FLAIR slices of {content.size} x {content.size} pixels as if they were healthy;
what differs too much from its reconstruction is called lesion.

```
python -m uadray.predict THIS_FOLDER scan.nii.gz -o OUT
```

## For what

Research on brain FLAIR of adults, from scanners and people like those it was trained on. The ranges below say what
these look like; a scan outside of them comes with a warning. It assesses the slices that its preparation takes:
{content.prepare.slices.rule}. All others are marked as not assessed.

## How good

{_table(_metrics(content), ("", "value", "95 % interval", "patients"))}

Intervals are bootstraps over patients and too narrow for few. The validation patients chose this model among others:
only numbers of test patients are results. Numbers on other scanners, diseases and people are not known.

## Threshold

{threshold}; {content.origin}. Known of healthy scans: {people}.

## What healthy validation scans look like

{_table(_usual(content), ("", "mean", "expected of another"))}

## Preparation

```yaml
{prepare}```

## Run

```yaml
{run}```
{_graph(content)}
Store {content.store}, training {content.training or "none"}. Made with {versions}.
"""


def _graph(content: Content) -> str:
    """Nothing where there is none."""
    if content.graph is None:
        return ""
    shape, graph = f"(N, 1, {content.size}, {content.size})", content.graph
    return f"""
## reconstruction.onnx

ONNX, opset {graph.opset}: `images`, float32 {shape} in [0, 1] after the preparation above, to
`reconstruction`, the same shape. The residual, the filter and the threshold are not in it. On {graph.slices} healthy
validation slices onnxruntime differs from PyTorch by at most {graph.largest_difference:.1e}; {graph.bound:.1e} may be.
"""


def _metrics(content: Content) -> Iterator[tuple[str, ...]]:
    for name, score in content.metrics.items():
        split, metric = name.split("/", 1)
        yield f"{split}: {METRICS.get(metric, metric)}", f"{score.value:.3f}", _ends(score), str(score.n)


def _ends(score: Score) -> str:
    return "" if score.low is None or score.high is None else f"{score.low:.3f} to {score.high:.3f}"


def _usual(content: Content) -> Iterator[tuple[str, ...]]:
    lowest = float(content.run.scoring.standardise.lowest)
    for name, found in content.usual.items():
        yield WORDS.get(name, name), f"{found.mean:.3g}", expected(name, found, lowest)


def _table(rows: Iterator[tuple[str, ...]], heads: tuple[str, ...]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
