"""What the README says exists."""

import re
import shlex
from pathlib import Path

import pytest

from uadray.models.zoo import ZOO
from uadray.study.reading.checking import load

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", *(str(page.relative_to(ROOT)) for page in sorted(ROOT.glob("docs/**/*.md")))]


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_lead_somewhere(page):
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert target.startswith("https://") or (path.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_modules_and_search_spaces_that_are_named_exist(page):
    text = (ROOT / page).read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) <= targets
    for module in re.findall(r"python -m (uadray\.\w+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
    for file in re.findall(r"\b(?:search_spaces|benchmarks|docs)/[\w./-]+\.\w+", text):
        assert (ROOT / file).is_file(), file


def test_the_table_of_models_has_every_row_of_the_zoo_and_no_other():
    table = (ROOT / "README.md").read_text().partition("| `model:` |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)[1:]
    assert sorted(name for row in rows for name in row.split(", ")) == sorted(ZOO)


def test_make_sweep_and_make_ui_have_one_workspace():
    recipes = dict(re.findall(r"^(\w+): \.venv/ready\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for target in ("sweep", "ui"):
        assert "--workspace $(WORKSPACE)\n" in recipes[target]


SWEEP = re.compile(r"(?:uadray\.sweep|uadray/sweep\.py --|slurm\.sbatch) (?:uadray/)?(search_spaces/\S+)([^`\n|]*)")
STUDY = re.compile(r"(?:/studies/|--study |models:/uadray-|uadray\.export )([a-z][\w.-]*)")


def swept(text):
    """The studies that the sweeps of a text make; those on scans of one's own alone where there are any."""
    found = {True: set(), False: set()}
    for space, rest in SWEEP.findall(re.sub(r"\\\n\s*", "", text)):
        words = shlex.split(re.split(r"\s{4,}", rest)[0])
        bids = Path(words[words.index("--bids") + 1]) if "--bids" in words else None
        study = load(ROOT / space, bids, [word for word in words if word.startswith("study=")]).study
        found[bids is not None].add(study)
    return found[True] or found[False]


def sections():
    """What speaks of one person's scans: the README from there on, and each kind of cluster."""
    yield pytest.param((ROOT / "README.md").read_text().partition("## Your own scans")[2], id="README.md")
    for part in (ROOT / "clusters" / "README.md").read_text().split("\n## ")[1:]:
        yield pytest.param(part, id=part.splitlines()[0])


@pytest.mark.parametrize("text", sections())
def test_a_study_that_a_command_names_is_one_that_a_sweep_of_its_page_makes(text):
    """With --bids a study has the folder's name, too: a page that forgets it speaks of the demo cohort's model."""
    assert set(STUDY.findall(text)) <= swept(text)


def test_sweeps_and_studies_are_found_where_they_are():
    space = "search_spaces/latent.yaml"
    both = f"python -m uadray.sweep {space} --bids x/My_Scans     yours\npython -m uadray.sweep {space}"
    assert swept(both) == {"latent-my_scans"}
    assert swept(f"`sbatch clusters/slurm.sbatch {space} \\\n    --bids x study=mine`") == {"mine"}
    named = "runs/studies/a-b/ models:/uadray-c@champion --study d uadray.export e"
    assert STUDY.findall(named) == ["a-b", "c", "d", "e"]
