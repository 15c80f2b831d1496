"""What a person reads in the place of a traceback, and what a script does."""

import pytest
import typer

from uadray.console import exit_codes
from uadray.errors import ConfigError, Problem, StudyError

PROBLEM = Problem("UAD-1", "here", "must be", "none", "Mend it.")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError(PROBLEM), 2, "UAD-1 here: must be; got none. Mend it."),
        (ConfigError([PROBLEM, PROBLEM]), 2, "2 problems; nothing was computed."),
        (StudyError(PROBLEM), 1, "UAD-1 here"),
        (PermissionError(13, "Permission denied", "/root/scan.nii"), 2, "UAD-401 /root/scan.nii: must be usable; got"),
        (KeyboardInterrupt(), 130, "the same command goes on from here"),
    ],
)
def test_an_end_that_a_person_can_mend_is_a_line_and_an_exit_code(capsys, error, code, said):
    with pytest.raises(typer.Exit) as ended, exit_codes():
        raise error
    assert ended.value.exit_code == code
    assert said in capsys.readouterr().err


def test_a_defect_of_the_program_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), exit_codes():
        raise ZeroDivisionError
