"""Table 1 as Markdown and as LaTeX: the paper's columns, then how sure they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas as pd

PAPERS = ("Row", "z", "Dice mean ± std", "paper", "AUPRC", "paper", "s per slice", "paper")
SURE = (
    "Row",
    "Trainings",
    "Dice [95 %]",
    "± trainings",
    "AUPRC ± trainings",
    "AUPRC a patient [95 %]",
    "Dice above intensity [95 %]",
    "p",
    "AUPRC a patient above intensity [95 %]",
    "p",
)
WHOSE = {
    "test": "test patients, by whom nothing was chosen",
    "val": "validation patients, by whom the winner was chosen",
}
SPECIAL = {
    **{"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#"},
    **{"±": r"$\pm$", "×": r"$\times$", "–": "--", "<": "$<$", ">": "$>$"},
}


def caption(table: pd.DataFrame, study: str, split: str) -> str:
    """What the numbers are of, and what the paper's beside them are not."""
    most = int(table["trainings"].max())
    compared = int(table["auprc_gain_p"].notna().sum())
    tests = (
        " p is of a permutation test over patients against the intensity baseline, by Holm over"
        f" {compared} {'method' if compared == 1 else 'methods'}, each measure for itself."
        if compared
        else " There is no intensity baseline to compare with."
    )
    seeds = (
        f" Up to {most} trainings a method, which differ in their seed: a patient's value is the mean over them,"
        " and ± trainings is their standard deviation."
        if most > 1
        else " One training a method, so nothing is known of another seed."
    )
    return (
        f"Study {study}: {int(table['patients'].max())} {WHOSE[split]}; prevalence, the AUPRC of chance,"
        f" {table['prevalence'].max():.4f}. Dice: mean ± standard deviation over patients; AUPRC: all brain voxels of"
        f" all patients pooled.{seeds} Brackets are 95 % bootstrap intervals over patients.{tests} s per"
        " slice: the model's anomaly map, batch 1, on validation slices and this study's machine. Columns 'paper':"
        " Table 1 of Baur et al. 2018, 49 patients with MS scanned in-house; other scans, so no target."
    )


def markdown(table: pd.DataFrame, text: str) -> str:
    """Both halves of the table below its caption."""
    halves = ["\n".join(_lines(head, rows)) for head, rows in ((PAPERS, _papers(table)), (SURE, _sure(table)))]
    return "\n\n".join([text, *halves]) + "\n"


def latex(table: pd.DataFrame, text: str) -> str:
    """Both halves as floats over two columns, to be put into a paper by \\input; needs booktabs."""
    return "\n".join(
        [
            r"% \usepackage{booktabs}",
            *_float(PAPERS, _papers(table), text, "tab:table1"),
            *_float(SURE, _sure(table), "How sure the numbers of Table~\\ref{tab:table1} are.", "tab:table1-sure"),
            "",
        ]
    )


def _papers(table: pd.DataFrame) -> list[list[str]]:
    return [
        [
            row["method"],
            row["z"] or "–",
            f"{row['dice']:.4f} ± {row['dice_std']:.4f}",
            _short(f"{row['paper_dice']:.4f} ± {row['paper_dice_std']:.4f}"),
            f"{row['auprc']:.4f}",
            _short(f"{row['paper_auprc']:.4f}"),
            _short(f"{row['seconds_per_slice']:.4f}"),
            _short(f"{row['paper_seconds_per_slice']:.4f}"),
        ]
        for _, row in table.iterrows()
    ]


def _sure(table: pd.DataFrame) -> list[list[str]]:
    return [
        [
            row["method"],
            _trainings(row),
            f"{row['dice']:.3f} [{row['dice_low']:.3f}, {row['dice_high']:.3f}]",
            _short(f"± {row['dice_spread']:.3f}"),
            f"{row['auprc']:.3f}" + ("" if pd.isna(row["auprc_spread"]) else f" ± {row['auprc_spread']:.3f}"),
            f"{row['patient_auprc']:.3f} [{row['patient_auprc_low']:.3f}, {row['patient_auprc_high']:.3f}]",
            *_gain(row, "dice_gain"),
            *_gain(row, "auprc_gain"),
        ]
        for _, row in table.iterrows()
    ]


def _trainings(row: pd.Series) -> str:
    """How many there are; of how many, and how many were stopped early, where that is to be said."""
    of = "" if row["trainings"] == row["attempted"] else f" of {row['attempted']}"
    return f"{row['trainings']}{of}" + (f", {row['stopped']} stopped early" if row["stopped"] else "")


def _gain(row: pd.Series, name: str) -> list[str]:
    p = row[f"{name}_p"]
    return [
        _short(f"{row[name]:+.3f} [{row[f'{name}_low']:+.3f}, {row[f'{name}_high']:+.3f}]"),
        "< 0.001" if p < 0.001 else _short(f"{p:.3f}"),
    ]


def _short(text: str) -> str:
    """A dash for what is not known."""
    return "–" if "nan" in text else text


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    rules = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (head, rules, *rows)]


def _float(head: Sequence[str], rows: Iterable[Sequence[str]], text: str, label: str) -> list[str]:
    whole = text if "\\ref" in text else _escaped(text)
    return [
        r"\begin{table*}",
        rf"\caption{{{whole}}}\label{{{label}}}",
        r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
        r"\toprule",
        _cells(head),
        r"\midrule",
        *map(_cells, rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table*}",
    ]


def _cells(cells: Iterable[str]) -> str:
    return " & ".join(_escaped(cell) for cell in cells) + r" \\"


def _escaped(text: str) -> str:
    """Text in which LaTeX sees characters where it would see commands, and a minus where it would see a hyphen."""
    safe = "".join(SPECIAL.get(character, character) for character in text)
    return re.sub(r"(?<!\w)-(?=\d)", "$-$", re.sub(r"λ(\d)", r"$\\lambda_\1$", safe))
