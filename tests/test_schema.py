"""What editors are told of search spaces is what the check holds them against."""

import json
from pathlib import Path

import jsonschema
import pytest
from bad_spaces import DISTRIBUTIONS, GOOD, VALUES
from commanding import uadray
from hypothesis import given, settings
from hypothesis import strategies as st

from uadray.errors import ConfigError
from uadray.schema import written
from uadray.section import Section
from uadray.study.reading.checking import check
from uadray.study.reading.editors import editor_schema
from uadray.study.space.distributions import WORDS
from uadray.yaml_document import Document
from uadray.yaml_file import parse, read

SPACES = Path(__file__).parents[1] / "search_spaces"
VALIDATOR = jsonschema.Draft7Validator(editor_schema())


def test_the_committed_schema_is_the_one_of_the_code():
    text = (SPACES / "schema.json").read_text(encoding="utf-8")
    assert text == written(editor_schema()), "renew it: python -m uadray.schema -o search_spaces/schema.json"


def test_it_is_a_schema_and_each_definition_is_a_line():
    VALIDATOR.check_schema(VALIDATOR.schema)
    text = written(VALIDATOR.schema)
    assert json.loads(text) == VALIDATOR.schema
    assert sum(line.startswith(' "run.TrainConfig.epochs"') for line in text.splitlines()) == 1


@pytest.mark.parametrize("path", sorted(SPACES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_search_space_is_valid_and_names_the_schema(path):
    assert list(VALIDATOR.iter_errors(read(path).tree)) == []
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


NEEDS_THE_CHECK = (  # what a schema cannot say, or draft 7 says otherwise
    "lower must be below upper", "sum to 1", "must be a point", "halved", "divide", "a grid", "options must differ",
    "Exchange them", "Write 90 alone", "got 4", "Let the range end", "smaller step", "at most 10000", "end at 61",
    "must be whole where", "no more rows",
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "place", "word"), VALUES + DISTRIBUTIONS)
def test_faults_of_one_place_are_faults_of_the_schema(old, new, code, place, word):
    found = list(VALIDATOR.iter_errors(parse(GOOD.replace(old, new, 1), "toy.yaml").tree))
    assert bool(found) != (
        any(each in word for each in NEEDS_THE_CHECK) or new in ("trials: 3.0", "{loginteger: [1.0, 3]}")
    )


VALUES_OF_ANY_PLACE = st.recursive(
    st.sampled_from([None, 0, 1, 3, 8, 0.5, 98.5, "dAE", "sVAE", "dense", "none", "baur2021"]),
    lambda values: (
        st.fixed_dictionaries({"choice": st.lists(values, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"kind": st.sampled_from(["dense", "spatial", "none", "image", "gaussian", "volume"])})
        | st.sampled_from([{"integer": [1, 3]}, {"uniform": [0, 1], "step": 0.5}, {"loginteger": [1, 8]}])
    ),
    max_leaves=3,
)
PLACES = [
    ("train", "epochs"), ("train", "seed"), ("train",), ("model",), ("model", "latent"), ("model", "posterior"),
    ("model", "posterior", "kind"), ("model", "adversary"), ("model", "backbone"), ("model", "backbone", "base_width"),
    ("model", "learning_rate"), ("scoring", "median_filter"), ("scoring", "erosion"), ("scoring", "threshold", "percentile"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), VALUES_OF_ANY_PLACE)
def test_what_the_check_accepts_the_schema_accepts(place, value):
    tree = parse(GOOD.replace("enqueue: [sAE1]\n", ""), "toy.yaml").tree
    run = tree["run"]
    for step in place[:-1]:
        run[step] = {"kind": "gaussian"} if "choice" in run.get(step, {}) else run.get(step, {})
        run = run[step]
    run[place[-1]] = value
    try:
        check(Document("toy.yaml", tree))
    except ConfigError:
        return
    assert [error.message for error in VALIDATOR.iter_errors(tree)] == []


def test_a_field_is_explained_where_it_is_written():
    epochs = VALIDATOR.schema["definitions"]["run.TrainConfig.epochs"]
    assert epochs["description"].startswith("Passes over the healthy training slices")
    assert epochs["default"] == 150


def sections(kind=Section):
    for child in kind.__subclasses__():
        yield child
        yield from sections(child)


def test_no_key_of_a_section_is_a_word_of_the_language():
    named = {f"{section.__name__}.{name}" for section in sections() for name in section.model_fields if name in WORDS}
    assert named == set()


def test_the_schema_is_printed_or_written(tmp_path):
    printed = uadray("schema")
    assert json.loads(printed.stdout) == VALIDATOR.schema
    assert uadray("schema", "-o", tmp_path / "schema.json").exit_code == 0
    assert (tmp_path / "schema.json").read_text() == printed.stdout
