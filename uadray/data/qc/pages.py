"""From a store to pages a person looks at: a PNG a subject, and all of them on one HTML page."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from uadray.data.qc.measures import Measures, Person, brain_share, measure, people, scores
from uadray.data.qc.page import Card, render
from uadray.data.qc.picture import draw_slices, window_of, with_caption
from uadray.data.store import Store
from uadray.files import write_text


def write_pages(store: Store, folder: Path, on_subject: Callable[[int, int, str], None]) -> Path:
    """Write `folder`/index.html and `folder`/subjects/ID.png; the page's path.

    The store is read twice, a subject in memory at a time; what is kept are the pictures, some 30 kB each.
    `on_subject` is called with (done, of all, id) after each picture. Raises DataError (UAD-144).
    """
    pictures = folder / "subjects"
    pictures.mkdir(parents=True, exist_ok=True)
    share = brain_share(store)
    window = window_of(share)
    cohort: dict[str, Measures] = {}
    inlined: dict[str, tuple[list[str], str]] = {}
    for done, person in enumerate(people(store), start=1):
        cohort[person.id] = measure(person, share)
        lines, slices = facts(person, cohort[person.id]), draw_slices(person, window)
        with_caption(slices, [person.id, *lines]).save(pictures / f"{quote(person.id, safe='')}.png", optimize=True)
        inlined[person.id] = lines, _data_uri(slices)
        on_subject(done, len(store.manifest.subjects), person.id)
    cards = [
        Card(name, store.manifest.subjects[name], cohort[name], score, *inlined[name])
        for name, score in scores(cohort).items()
    ]
    page = folder / "index.html"
    write_text(page, render(store, sorted(cards, key=lambda card: (-card.score.value, card.id))))
    return page


def facts(person: Person, measures: Measures) -> list[str]:
    """What a caption says."""
    member, z = person.member, person.slices.slice_indices
    slices = f"{member.slices} slices, z {z[0]} to {z[-1]}" if member.slices > 1 else f"1 slice, z {z[0]}"
    lesion = f"lesion max {measures.lesion_mm2:.0f} mm², {measures.lesion_ml:.1f} ml"
    return [
        f"{member.group}, {member.split}",
        f"site {member.site}",
        slices,
        lesion if member.lesion_voxels else "no lesion",
        f"brain {measures.brain_mm2 / 100:.0f} cm² a slice, {measures.brain_ml:.0f} ml",
        f"intensity {' '.join(f'{q:.2f}' for q in measures.quantiles)}",
    ]


def _data_uri(picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
