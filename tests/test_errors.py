import pickle
import re
from pathlib import Path

import uadray
from uadray.errors import ConfigError, DataError, Problem, UadError, in_a_line

ROOT = Path(uadray.__file__).parent


def test_a_problem_says_where_what_must_hold_what_was_got_and_what_to_do():
    problem = Problem("UAD-103", "scan.nii", "must be 3-D", "4 dimensions", "Split it.")
    assert str(problem) == "UAD-103 scan.nii: must be 3-D; got 4 dimensions. Split it."


def test_an_error_carries_all_its_problems_also_between_processes():
    error = DataError([Problem("UAD-1", "a", "b", "c", "d"), Problem("UAD-2", "a", "b", "c", "d")])
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is DataError
    assert again.problems == error.problems
    assert str(error).count("\n") == 1


def test_kinds_of_errors_are_told_apart():
    assert issubclass(ConfigError, UadError)
    assert not issubclass(ConfigError, DataError)


def test_an_error_of_a_library_is_said_in_one_line_also_where_it_says_nothing():
    assert in_a_line(OSError("first\nlast\n"), -1) == "last"
    assert in_a_line(TimeoutError()) == in_a_line(TimeoutError(" \n"), -1) == "TimeoutError"
    assert len(in_a_line(OSError("x" * 999))) == 160


def test_every_code_in_the_source_is_explained_and_every_explained_code_exists():
    sources = [*ROOT.rglob("*.py"), *(ROOT.parent / "analysis").glob("*.py")]
    used = {code for path in sources for code in re.findall(r'"(UAD-\d{3})"', path.read_text())}
    page = (ROOT.parent / "docs" / "errors.md").read_text()
    assert used == set(re.findall(r"^\| (UAD-\d{3}) ", page, re.MULTILINE))
