import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uadray.errors import ConfigError
from uadray.yaml_file import dump, parse, parse_value, read


def problems(text):
    """Of a document, or why there is none."""
    try:
        return list(map(str, parse(text, "x.yaml").problems))
    except ConfigError as error:
        return list(map(str, error.problems))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-4", 1e-4), ("010", 10), ("no", "no"), ("yes", "yes"), ("true", True), ("~", None), ("1_000", "1_000"),
     ("'7'", "7"), (".5", 0.5), ("-3", -3), ("1:30", "1:30"), ("2026-01-01", "2026-01-01")],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text, value):
    found = parse(f"a: {text}", "x.yaml").tree["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", r"UAD-202 x.yaml:2:1 a: must be unique; got 'a' again, after line 1"),
        ("a: &b [1]\nc: *b", r"UAD-202 .*must be written out; got an alias"),
        ("a: .nan", r"UAD-202 x.yaml:1:4 a: numbers must be finite"),
        ("a: 1e999", r"UAD-202 x.yaml:1:4 a: numbers must be finite"),
        ("a: !!python/name:os.system x", r"UAD-202 .*must have no tag"),
        ("[1, 2]: 3", r"UAD-202 .*keys must be words"),
        ("- 1\n- 2", r"UAD-202 x.yaml:1:1: must be a mapping"),
        ("", r"UAD-202 x.yaml:1:1: must be a mapping"),
        ("a: [1", r"UAD-201 x.yaml:"),
        ("a: 1\n\tb: 2", r"UAD-201 x.yaml:2:"),
        ("a: 1\n---\nb: 2", r"UAD-201 x.yaml:2:"),
        ("[" * 50_000, r"UAD-201 x.yaml:1:42: must have at most 40 levels"),
        ("&x a: *x", r"UAD-202 .*got an alias"),
        ("! a: 1", r"UAD-202 x.yaml:1:1 a: must have no tag"),
        ("? [1]\n: 2", r"UAD-202 x.yaml:1:3 \?: keys must be words"),
    ],
)
def test_what_yaml_libraries_let_pass_is_refused_with_its_place(text, message):
    assert any(re.match(message, problem) for problem in problems(text)), problems(text)


def test_all_problems_come_at_once():
    assert len(problems("a: .inf\nb: 1\nb: 2\nc: .nan")) == 3
    assert len(problems("a: .inf\nb: 1\nb: 2\nc: [")) == 3  # what had been read when nothing more could be


def test_a_value_is_found_by_line_and_column():
    document = parse("run:\n  model: {kind: vae_gan}\n  list: [1, 22]", "x.yaml")
    assert document.where(("run", "model", "kind")) == "x.yaml:2:17 run.model.kind"
    assert document.where(("run", "list", 1)) == "x.yaml:3:13 run.list.1"
    assert document.where(("run", "model", "absent")) == "x.yaml:2:10 run.model.absent"


def test_a_missing_and_a_huge_file_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="UAD-200"):
        read(tmp_path / "absent.yaml")
    (tmp_path / "huge.yaml").write_text("a: " + "x" * 100_001)
    with pytest.raises(ConfigError, match=r"UAD-200.*at most 100000 bytes"):
        read(tmp_path / "huge.yaml")


@given(st.text(max_size=80))
def test_any_text_is_a_document_or_a_config_error(text):
    try:
        assert isinstance(parse(text, "x.yaml").tree, dict)
    except ConfigError as error:
        assert error.problems


def test_a_value_that_cannot_be_read_is_known_so_that_nobody_complains_twice():
    document = parse("a: {b: .nan, c: 1}", "x.yaml")
    assert document.is_unread(("a", "b"))
    assert document.is_unread(("a", "b", "below"))
    assert not document.is_unread(("a", "c"))
    assert not document.is_unread(("a",))


TEXT = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
    | st.from_regex(r"[-+]?[0-9_.:]{1,5}([eE][-+]?[0-9]{1,3})?", fullmatch=True)
    | st.sampled_from(["008", "1e5", "2e3", "nULL", "no", "~", "", "=", "<<", ".inf", "0x10", "2026-01-01"])
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**16), 10**16) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
KEYS = TEXT.filter(lambda key: key.isprintable() and key not in ("", "<<"))


@given(
    st.recursive(SCALARS, lambda values: st.lists(values, max_size=3) | st.dictionaries(KEYS, values, max_size=3)),
    st.sampled_from([20, 120]),
)
def test_what_is_written_is_read_as_it_was(tree, width):
    document = parse_value(dump(tree, width), "x.yaml")
    assert not document.problems
    assert repr(document.tree) == repr(tree)  # 1, 1.0 and true are equal


@pytest.mark.parametrize("text", ["008", "1e5", "2e3", "nULL", ".inf", "1e999", "+5", "\x85"])
def test_text_that_looks_like_something_else_stays_text(text):
    assert parse(dump({"study": text}), "x.yaml").tree == {"study": text}


def test_what_stands_at_two_places_is_written_twice():
    section = {"kind": "dense"}
    assert parse(dump({"one": section, "other": section}), "x.yaml").tree == {"one": section, "other": section}
