import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from commanding import command
from making import made_stack, made_store
from PIL import Image

from uadray.data.qc.measures import brain_share, measure, people, scores
from uadray.data.qc.pages import write_pages
from uadray.data.qc.picture import TILE, choose_slices
from uadray.data.subject import Subject
from uadray.errors import DataError
from uadray.qc import qc

SIZE = 32
HOSTILE = '"><script>alert(1)</script>'


def stack(seed, count=6, spacing_mm=(2.0, 2.0, 5.0)):
    """A textured disc of about the same size in every slice."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    brain = np.broadcast_to(x**2 + y**2 < random.uniform(11, 12) ** 2, (count, SIZE, SIZE)).copy()
    images = (random.normal(0.5, 0.1, brain.shape).clip(0, 1) * brain).astype(np.float32)
    return made_stack(images, brain, np.zeros_like(brain), 40, spacing_mm)


def person(name, group="healthy", site="here"):
    return Subject(name, group, site, Path("scan.nii"), None, None)


def lesioned(stack, level, rows):
    lesion = stack.lesion.copy()
    lesion[level, 10 : 10 + rows, 12:16] = True
    return replace(stack, lesion=lesion)


def half(stack):
    brain = stack.brain.copy()
    brain[:, :, SIZE // 2 :] = False
    return replace(stack, brain=brain, images=stack.images * brain)


def shifted(stack):
    return replace(stack, brain=np.roll(stack.brain, 3, axis=2), images=np.roll(stack.images, 3, axis=2))


def members(odd=None):
    """Ten healthy subjects in two splits and a patient; one may be replaced by an odd stack."""
    for number in range(10):
        made = odd if odd is not None and number == 7 else stack(number)
        yield person(f"sub-h{number}"), "train" if number < 6 else "val", made
    yield person("sub-p", "lesion"), "test", lesioned(stack(10), 1, 5)


def stored(folder, cohort):
    return made_store(folder / "stores", SIZE, cohort)


@pytest.fixture
def store(tmp_path):
    return stored(tmp_path, members())


def pages(store, folder):
    return write_pages(store, folder / "pages", lambda *_: None)


def order(page):
    return re.findall(r"<h2><span>(.*?)</span>", page.read_text())


class Elements(HTMLParser):
    """Every tag of a page with its attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def test_every_subject_has_a_picture_and_a_card(store, tmp_path):
    page = pages(store, tmp_path)
    assert sorted(order(page)) == sorted(store.manifest.subjects)
    assert sorted(path.stem for path in page.parent.glob("subjects/*.png")) == sorted(store.manifest.subjects)


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (half(stack(7)), "brain (area|overlap) low"),
        (shifted(stack(7)), "brain overlap low"),
        (replace(stack(7), images=stack(7).images * 0.3), "median intensity low"),
        (
            replace(stack(7), images=np.where(np.arange(SIZE) % 10 == 5, stack(7).brain, stack(7).images)),
            "99th percentile high",
        ),
    ],
    ids=["half cut", "shifted", "dark", "bright spots"],
)
def test_a_bad_scan_comes_first_and_the_page_says_why(tmp_path, odd, reason):
    page = pages(stored(tmp_path, members(odd)), tmp_path)
    assert order(page)[0] == "sub-h7"
    first = page.read_text().split("<article")[1]
    assert re.search(reason, first)
    assert 'class="bad"' in first


def test_nobody_stands_out_among_like_subjects_for_overlapping_well(store):
    share = brain_share(store)
    found = scores({p.id: measure(p, share) for p in people(store)})
    assert max(score.z["brain overlap"] for score in found.values()) <= 0


def test_areas_and_volumes_are_in_the_scanner_s_units(store):
    patient = next(p for p in people(store) if p.id == "sub-p")
    measures = measure(patient, brain_share(store))
    pixels = patient.slices.brain.sum()
    assert measures.lesion_mm2 == 20 * 4
    assert measures.lesion_ml == pytest.approx(20 * 4 * 5 / 1000)
    assert measures.brain_mm2 == pytest.approx(pixels / 6 * 4)
    assert measures.brain_ml == pytest.approx(pixels * 4 * 5 / 1000)


def test_a_brain_like_all_others_overlaps_fully(tmp_path):
    store = stored(tmp_path, ((person(f"sub-{n}"), "train", stack(0)) for n in range(3)))
    assert {measure(p, brain_share(store)).overlap for p in people(store)} == {1.0}


def test_a_third_of_the_stack_shows_its_slice_with_most_lesion(store):
    shown = {p.id: choose_slices(p) for p in people(store)}
    assert shown["sub-h0"] == [1, 3, 5]
    assert shown["sub-p"] == [1, 3, 5]
    patient = next(p for p in people(store) if p.id == "sub-p")
    lesion = np.roll(patient.slices.lesion, -1, axis=0)
    assert choose_slices(replace(patient, slices=replace(patient.slices, lesion=lesion))) == [0, 3, 5]


@pytest.mark.parametrize(("count", "tiles"), [(1, 1), (2, 2), (3, 3), (6, 3)])
def test_a_short_stack_shows_what_it_has(tmp_path, count, tiles):
    store = stored(tmp_path, ((person(f"sub-{n}"), "train", stack(n, count)) for n in range(3)))
    with Image.open(pages(store, tmp_path).parent / "subjects" / "sub-0.png") as picture:
        assert picture.width == tiles * TILE


def test_stacks_of_different_lengths_go_together(tmp_path):
    page = pages(stored(tmp_path, ((person(f"sub-{n}"), "train", stack(n, n)) for n in range(1, 6))), tmp_path)
    assert len(order(page)) == 5


def test_pictures_have_outlines_on_black_and_true_proportions(tmp_path):
    wide = lesioned(stack(0, spacing_mm=(1.0, 2.0, 5.0)), 1, 5)
    store = stored(tmp_path, iter([(person("sub-p", "lesion"), "test", wide)]))
    with Image.open(pages(store, tmp_path).parent / "subjects" / "sub-p.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels[0, 0].tolist() == [0, 0, 0]
    colours = {tuple(colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}
    assert {(86, 180, 233), (230, 159, 0)} <= colours
    brain = (pixels[:TILE, :TILE] == (86, 180, 233)).all(axis=2)
    height, width = (np.ptp(np.flatnonzero(brain.any(axis=axis))) for axis in (1, 0))
    assert width / height == pytest.approx(2, abs=0.1)


def test_the_page_fetches_nothing_and_runs_its_own_script_only(store, tmp_path):
    text = pages(store, tmp_path).read_text()
    assert not re.search(r"https?:|//\w", re.sub(r"data:image/png;base64,[\w+/=]+", "", text))
    tags = Elements(text).tags
    (policy,) = [t["content"] for _, t in tags if t.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    assert [tag for tag, _ in tags].count("script") == 1
    assert all(t["src"].startswith("data:image/png;base64,") for tag, t in tags if tag == "img")
    assert not any(name.startswith("on") or name == "style" for _, t in tags for name in t)


def test_hostile_text_is_only_text(tmp_path):
    hostile = [(person(f"../{HOSTILE}{n}", site=HOSTILE), "train", stack(n)) for n in range(3)]
    page = pages(stored(tmp_path, iter(hostile)), tmp_path)
    elements = Elements(page.read_text())
    assert [tag for tag, _ in elements.tags].count("script") == 1
    assert f"site {HOSTILE}" in elements.text
    assert [t["data-site"] for tag, t in elements.tags if tag == "article"] == [HOSTILE] * 3
    assert len(list((page.parent / "subjects").iterdir())) == 3  # and nowhere else
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages", "stores"]


def test_an_empty_brain_is_shown_and_not_a_crash(tmp_path):
    nothing = replace(stack(7), brain=np.zeros((6, SIZE, SIZE), np.bool_), images=np.zeros((6, SIZE, SIZE), np.float32))
    assert order(pages(stored(tmp_path, members(nothing)), tmp_path))[0] == "sub-h7"


def test_progress_is_told_subject_by_subject(store, tmp_path):
    calls = []
    write_pages(store, tmp_path / "pages", lambda *call: calls.append(call))
    assert [call[:2] for call in calls] == [(done, 11) for done in range(1, 12)]
    assert {call[2] for call in calls} == set(store.manifest.subjects)


def test_the_same_store_gives_the_same_page(store, tmp_path):
    assert pages(store, tmp_path).read_bytes() == pages(store, tmp_path / "again").read_bytes()


def test_a_damaged_store_is_refused(store, tmp_path):
    file = Path(store.files("train")[0])
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    with pytest.raises(DataError) as caught:
        pages(store, tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["UAD-144"]


def test_the_program_writes_beside_the_store_and_says_where(store):
    result = command(qc, store.path)
    page = store.path.with_name("key-qc") / "index.html"
    assert result.exit_code == 0
    assert str(page) in result.stdout
    assert page.is_file()
