"""The entry point that writes a report."""

from commanding import command
from studies import begun, made_cohort, made_plan

from uadray.report import report


def run(*arguments):
    return command(report, *arguments)


def test_a_report_lies_in_the_study_or_where_it_is_asked_for(tmp_path):
    ledger = begun(tmp_path, made_cohort(tmp_path), made_plan())
    done = run(ledger.folder)
    assert done.exit_code == 0, done.output
    assert "report.html" in done.output
    assert "read for its pictures" not in done.output
    page = (ledger.folder / "report.html").read_text()
    assert run(ledger.folder, "-o", tmp_path / "elsewhere.html").exit_code == 0
    assert (tmp_path / "elsewhere.html").read_text() == page


def test_a_folder_that_is_no_study_is_refused_without_a_traceback(tmp_path):
    done = run(tmp_path)
    assert done.exit_code == 2
    assert "UAD-304" in done.output
    assert "Traceback" not in done.output
