"""What docs/search_spaces.md shows is accepted, or refused, as it says."""

import re
import shlex
from pathlib import Path

import pytest

from uadray.errors import ConfigError
from uadray.study.design.plan import StudyConfig
from uadray.study.reading.checking import check, load
from uadray.study.space.defects import defects
from uadray.study.space.distributions import WORDS
from uadray.yaml_document import Document
from uadray.yaml_file import parse, parse_value

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "search_spaces.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BLOCKS = [block for language, block in FENCED if language == "yaml"]
LINES = [line for language, block in FENCED if not language for line in block.splitlines()]
STARTS = [shlex.split(line) for line in LINES if line.startswith("python -m uadray.sweep")]


def test_every_key_of_a_study_is_named_where_the_page_lists_them():
    (listed,) = re.findall(r"Everything else has a default\.(.*?)they are fixed", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == {*StudyConfig.model_fields} - {"run"}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_is_a_search_space(block):
    tree = {"study": "page", "cohort": {"kind": "phantom"}, **parse(block, "page").tree}
    assert check(Document("page", tree)).space.corners()


def test_the_grid_has_as_many_points_as_the_page_says():
    (block,) = (block for block in BLOCKS if "grid" in block)
    plan = check(Document("page", {"study": "page", "cohort": {"kind": "phantom"}, **parse(block, "page").tree}))
    assert len(plan.enqueued()) == 12


def test_every_word_of_the_language_is_in_the_table_with_an_example_that_makes_sense():
    examples = [parse_value(text, "page").tree for text in re.findall(r"^\| `(\{.*?\})` \|", PAGE, re.MULTILINE)]
    assert {word for example in examples for word in example} == {*WORDS, "step"}
    assert not [defect for example in examples for defect in defects(example)]


@pytest.mark.parametrize("start", STARTS[:-1], ids=" ".join)
def test_every_start_is_a_study(start):
    *_, space, name = start[:5]
    assert load(ROOT / space, overrides=start[4:]).study == name.removeprefix("study=")


def test_the_faulty_start_is_refused_in_these_words():
    start = STARTS[-1]
    with pytest.raises(ConfigError) as caught:
        load(ROOT / start[3], overrides=start[4:])
    assert [str(problem) for problem in caught.value.problems] == [line for line in LINES if line.startswith("UAD-")]


@pytest.mark.parametrize(
    ("text", "number"), [("1e-4", True), (".5", True), ("+5", True), ("010", True), ("1_000", False), ("0x10", False),
                         ("yes", False), ("no", False), ("2026-01-01", False)],
)  # fmt: skip
def test_numbers_are_those_that_the_page_lists(text, number):
    assert f"`{text}`" in PAGE or text == "2026-01-01"
    assert isinstance(parse_value(text, "page").tree, (int, float)) == number
