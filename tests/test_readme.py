"""What the README says exists."""

import re
from pathlib import Path

import pytest

from uadray.models.zoo import ZOO

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


def test_every_row_of_the_zoo_is_named_in_the_changelog():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert all(name in text for name in ZOO)
