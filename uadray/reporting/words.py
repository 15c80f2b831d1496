"""Names and numbers as a reader meets them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from uadray.scoring.statistics.intervals import Interval
from uadray.study.objectives import Metric, Mode

MEANING: Mapping[str, str] = {
    "val/auprc": "AUPRC of the validation patients",
    "val/dice_mean": "mean Dice of the validation patients",
    "val/l1": "mean |x − x̂| in healthy validation slices",
    "val/seconds_per_slice": "seconds per slice",
    "val/synthetic_auprc": "AUPRC of lesions painted on healthy validation slices",
    "val/synthetic_dice": "mean Dice of lesions painted on healthy validation slices",
    "model/parameters": "number of weights",
}
SHORT: Mapping[str, str] = {
    "val/auprc": "val AUPRC",
    "val/dice_mean": "val Dice",
    "val/l1": "val l1",
    "val/seconds_per_slice": "s per slice",
    "val/synthetic_auprc": "painted AUPRC",
    "val/synthetic_dice": "painted Dice",
    "model/parameters": "weights",
}
DIRECTION: Mapping[Mode, str] = {"max": "higher is better", "min": "lower is better"}


@dataclass(frozen=True)
class Row:
    """Cells of a table; `trial` is the one the row is about."""

    cells: Sequence[str]
    trial: int | None = None
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Columns whose names end in * hold words, the others numbers."""

    columns: Sequence[str]
    rows: Sequence[Row] = field(default=())


def number(value: float | None, digits: int = 3) -> str:
    """A score; a dash where there is none.

    >>> number(0.12345), number(None), number(-0.5)
    ('0.123', '–', '−0.500')
    """
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}".replace("-", "−")


def short(value: float | None) -> str:
    """A number of any size in a few digits.

    >>> short(257609.0), short(0.00107777), short(1e-5)
    ('257609', '0.00108', '1e−05')
    """
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")


def of_metric(metric: Metric | str, value: float | None) -> str:
    """A metric's value with the digits it deserves."""
    scores = "auprc" in metric or "dice" in metric
    return number(value) if scores else short(value)


def between(value: Interval) -> str:
    """An interval with its value.

    >>> between(Interval(0.5, 0.25, 0.75, 8, 0.95, "BCa"))
    '0.500 [0.250, 0.750]'
    """
    return f"{number(value.value)} [{number(value.low)}, {number(value.high)}]"


def p_value(p: float) -> str:
    """A p-value; the least that 9999 random patterns can show is 0.0001."""
    return "< 0.001" if p < 0.001 else number(p)


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words in a row.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', 'nothing')
    """
    if not words:
        return "nothing"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def sentence(phrase: str) -> str:
    """A phrase that stands alone.

    >>> sentence("each scan has its own")
    'Each scan has its own.'
    """
    return f"{phrase[:1].upper()}{phrase[1:]}."


def counted(count: int, word: str) -> str:
    """A number with its noun.

    >>> counted(1, "trial"), counted(3, "trial")
    ('1 trial', '3 trials')
    """
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
