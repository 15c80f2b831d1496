"""Table 1 says what the runs say."""

import re
import statistics

import numpy as np
import pandas as pd
import pytest
from commanding import command
from logging_studies import BAR, A, B, Logged, card_of, pseudonym, run_config

from patients import patients
from runs import runs
from table1 import main, table1
from table1_text import caption, latex, markdown
from uadray.errors import DataError, StudyError
from uadray.scoring.statistics.comparisons import compare_with_baseline

MEANS = [(a + b) / 2 for a, b in zip(A, B, strict=True)]


@pytest.fixture(scope="module")
def table(seeds):
    return table1(seeds).set_index("method")


def test_dice_is_over_patients_each_the_mean_over_trainings(table):
    row = table.loc["dVAE"]
    assert row["dice"] == pytest.approx(statistics.fmean(MEANS))
    assert row["dice_std"] == pytest.approx(statistics.pstdev(MEANS))
    assert row["dice_low"] < row["dice"] < row["dice_high"]
    assert row["patients"] == 8


def test_what_another_seed_changes_stands_beside_and_not_in_the_interval(table):
    row = table.loc["dVAE"]
    assert row["dice_spread"] == pytest.approx(statistics.stdev([statistics.fmean(A), statistics.fmean(B)]))
    assert (row["auprc"], row["auprc_spread"]) == pytest.approx((0.4, statistics.stdev([0.3, 0.5])))


def test_gains_are_those_over_the_baseline_on_the_same_patients_by_holm(table):
    dices = {"sAE1": [0.0] * 7 + [0.1], "dVAE": MEANS, "intensity": BAR}
    names = [pseudonym(f"sub-{n:02d}") for n in range(8)]
    values = {method: dict(zip(names, scores, strict=True)) for method, scores in dices.items()}
    for expected in compare_with_baseline(values, "intensity"):
        row = table.loc[expected.method]
        assert row["dice_gain"] == pytest.approx(expected.difference.value)
        assert row["dice_gain_p"] == pytest.approx(expected.permutation_holm)
    assert np.isnan(table.loc["intensity", "dice_gain"])


def test_failed_trainings_are_counted(table, seeds):
    assert (table.loc["dVAE", "trainings"], table.loc["dVAE", "attempted"]) == (2, 3)
    assert "| 2 of 3 |" in markdown(table1(seeds), "")


def test_the_papers_values_stand_beside_rows_that_have_its_z(table, search):
    assert table.loc["dVAE", "paper_dice"] == 0.1661
    assert np.isnan(table.loc["intensity", "paper_dice"])
    assert table1(search, "val")["paper_dice"].isna().all()


def test_times_and_the_chance_level_are_the_runs(table):
    assert table.loc["sAE1", "seconds_per_slice"] == pytest.approx(0.02)
    assert table.loc["sAE1", "prevalence"] == pytest.approx(0.01)


def test_one_seed_has_no_spread_and_a_study_without_baseline_no_gain(search):
    table = table1(search, "val")
    assert table["dice_spread"].isna().all()
    assert table["auprc_gain"].isna().all()
    text = markdown(table, caption(table, "search", "val"))
    assert "nan" not in text
    assert "One training a method" in text
    assert "There is no intensity baseline" in text
    assert "1, 1 stopped early" in text


def test_a_study_without_test_scores_is_a_problem(search):
    with pytest.raises(StudyError, match="UAD-361"):
        table1(search)


def test_runs_without_a_table_of_patients_are_a_problem(search):
    with pytest.raises(StudyError, match="UAD-361"):
        patients(search, runs(search).iloc[:0], "val")


def test_methods_on_different_patients_are_a_problem(workspace):
    study = Logged(workspace, "others").trial(0, run_config(), {"test": card_of(A[:5], A[:5])})
    study.trial(-1, run_config("intensity"), {"test": card_of(BAR, BAR)})
    with pytest.raises(DataError, match="UAD-342"):
        table1(study.folder)


def test_a_patient_whom_dice_cannot_judge_is_left_out_and_not_counted(workspace):
    study = Logged(workspace, "empty").trial(0, run_config(), {"val": card_of([0.2, 0.4, None], [0.2, 0.4, None])})
    row = table1(study.folder, "val").iloc[0]
    assert (row["dice"], row["patients"]) == (pytest.approx(0.3), 2)


def test_latex_is_balanced_and_every_line_has_its_cells(seeds):
    table = table1(seeds)
    text = latex(table, caption(table, "a_study & 100 %", "test"))
    assert text.count(r"\begin") == text.count(r"\end") == 4
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert body.count("{") == body.count("}")
    assert body.count("$") % 2 == 0
    assert not re.search(r"(?<!\\)[%_#](?!1\$|2\$|3\$)", body.replace(r"\lambda_", ""))
    assert body.isascii()
    for tabular in re.findall(r"\\begin{tabular}{(\w+)}(.*?)\\end{tabular}", body, re.DOTALL):
        columns, inside = tabular
        lines = [line for line in inside.splitlines() if line.endswith(r"\\")]
        assert len(lines) == 1 + len(table)
        assert all(len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1 for line in lines)
        assert re.findall(r"\\(\w+rule)", inside) == ["toprule", "midrule", "bottomrule"]


def test_the_caption_says_that_the_paper_is_no_target(table, seeds):
    text = caption(table1(seeds), "seeds", "test")
    assert "no target" in text
    assert "8 test patients" in text
    assert "over 2 methods" in text


def invoke(*arguments):
    return command(main, *arguments)


def test_the_command_writes_all_three_formats_and_the_csv_is_the_table(seeds, tmp_path):
    done = invoke(seeds, "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["table1.csv", "table1.md", "table1.tex"]
    assert pd.read_csv(tmp_path / "out" / "table1.csv")["dice"].to_list() == pytest.approx(
        table1(seeds)["dice"].to_list()
    )


def test_the_command_ends_with_a_line_and_a_code_where_there_is_nothing(search, tmp_path):
    done = invoke(search, "-o", tmp_path)
    assert done.exit_code == 1
    assert "UAD-361" in done.output + done.stderr
