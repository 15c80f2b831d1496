"""A faulty search space is refused with the place, what must hold, and what to do; never with anything but a ConfigError."""

import pytest
from bad_spaces import DISTRIBUTIONS, GOOD, VALUES, YAML
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uadray.errors import ConfigError
from uadray.study.design.plan import StudyConfig
from uadray.study.reading.checking import check, load
from uadray.yaml_file import parse


def problems(text):
    with pytest.raises(ConfigError) as caught:
        check(parse(text, "toy.yaml"))
    return caught.value.problems


def test_the_good_file_is_one():
    assert check(parse(GOOD, "toy.yaml")).study == "toy"


@pytest.mark.parametrize(("old", "new", "code", "place", "word"), YAML + VALUES + DISTRIBUTIONS)
def test_one_fault_is_one_problem_with_its_place_and_what_to_do(old, new, code, place, word):
    assert old in GOOD
    first, *others = problems(GOOD.replace(old, new, 1))
    assert (first.code, first.where) == (code, f"toy.yaml:{place}")
    assert word in str(first)
    assert first.do.endswith((".", "?"))
    assert len(others) <= 1  # both bounds of a range may be wrong
    assert all(other.code == code for other in others)


def test_five_faults_are_five_problems_whatever_their_kinds():
    text = (
        GOOD.replace("hours: 1.5", "hours: .inf")  # a value that is none
        .replace("healthy: 8", "heathy: 8")  # a key
        .replace("step: 0.5", "step: 0.4")  # a distribution
        .replace("batch_size: 8", "batch_size: eight")  # a value below run
        .replace("[sAE1]", "[sAE2]")  # a name
    )
    found = problems(text)
    assert sorted(problem.code for problem in found) == ["UAD-202", "UAD-210", "UAD-210", "UAD-212", "UAD-214"]
    assert len({problem.where for problem in found}) == 5


def test_a_value_that_cannot_be_read_has_no_second_problem():
    (problem,) = problems(GOOD.replace("trials: 3", "trials: !!int 3, trials: x"))[1:]
    assert "unique" in problem.must


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.encode("utf-16"), "toy.yaml:1: must be text in UTF-8; got the byte 0xff"),
        (GOOD.replace("prepare", "präpare").encode("latin-1"), "toy.yaml:3: must be text in UTF-8; got the byte 0xe4"),
        (GOOD.encode() + b"#" * 100_000, "at most 100000 bytes"),
    ],
)
def test_a_file_that_is_no_text_in_utf_8_is_refused(tmp_path, content, said):
    (tmp_path / "toy.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match="UAD-200") as caught:
        load(tmp_path / "toy.yaml")
    assert said in str(caught.value)


def test_a_byte_order_mark_and_carriage_returns_change_nothing(tmp_path):
    (tmp_path / "toy.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(tmp_path / "toy.yaml") == check(parse(GOOD, "toy.yaml"))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ConfigError, match="UAD-200"):
        load(tmp_path)


def outcome(text):
    """A study, or the problems."""
    try:
        return check(parse(text, "toy.yaml"))
    except ConfigError as error:
        assert error.problems
        assert all(str(problem).isprintable() for problem in error.problems)
        return error.problems


PIECES = ["{", "}", "[", "]", ": ", ", ", "- ", "\n", "  ", "choice", "uniform", "integer", "step", "kind", "null", "0"]
PIECES += [
    "-1",
    "1e9",
    ".5",
    "&a ",
    "*a",
    "!!str ",
    "<<",
    "'",
    '"',
    "#",
    "\t",
    "run",
    "model",
    "dAE",
    "true",
    "é",
    "\\",
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.sampled_from(PIECES) | st.text(max_size=3)),
        min_size=1,
        max_size=4,
    )
)
def test_any_edit_of_a_good_file_gives_a_study_or_problems(edits):
    text = GOOD
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    assert isinstance(outcome(text), (StudyConfig, tuple))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_study_or_problems(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "toy.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        load(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.sampled_from(["dAE", "kind", ""]),
    lambda values: (
        st.lists(values, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "choice", "uniform", "integer", "step", "loginteger", "model", "latent", "size"]),
            values,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def places(tree, path=()):
    """Of every value in the tree."""
    yield path
    for key, child in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(child, (*path, key))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_value_anywhere_gives_a_study_or_problems(data):
    document = parse(GOOD, "toy.yaml")
    *around, key = data.draw(st.sampled_from([path for path in places(document.tree) if path]))
    tree = document.tree
    for step in around:
        tree = tree[step]
    tree[key] = data.draw(JSON)
    try:
        assert isinstance(check(document), StudyConfig)
    except ConfigError as error:
        assert error.problems
