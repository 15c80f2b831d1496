"""The page of a study: whole, by itself, without names, whatever became of the study."""

import getpass
import json
import re
import shutil
import socket
import subprocess
from html.parser import HTMLParser
from urllib.parse import urlparse

import pytest
from studies import SPACE, begun, ended, made_plan, made_run, train

from uadray.config import RunConfig
from uadray.data.store import Store
from uadray.files import write_json
from uadray.pseudonyms import pseudonym
from uadray.reporting.gathering import gather
from uadray.reporting.page import render
from uadray.study.ledger import Ledger
from uadray.study.result.held_out import openings
from uadray.study.result.selection import select

VOID = {"meta", "link", "img", "br", "hr", "input"}
CITED = {"arxiv.org"}
RUN = RunConfig.parse({**SPACE, "model": "sAE3", "scoring": {}}).plain()


class Elements(HTMLParser):
    """Every tag with its attributes; tags must close in order."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page_of(ledger):
    return render(gather(ledger.folder))


def lose(ledger, index, status, reason):
    write_json(
        ledger.trial(index) / "trial.json",
        {"index": index, "run": RUN, "status": status, "reason": reason, "curve": []},
    )


@pytest.fixture(scope="module")
def page(workspace, tmp_path_factory):
    copy = shutil.copytree(workspace[0], tmp_path_factory.mktemp("page") / "workspace")
    return page_of(Ledger(copy / "studies" / "toy"))


def test_it_is_well_formed_small_and_every_picture_has_words(page):
    elements = Elements(page)
    assert elements.open == []
    assert len(page.encode()) < 10e6
    pictures = [attributes for tag, attributes in elements.tags if tag == "img"]
    assert len(pictures) > 6
    assert all(picture["alt"] for picture in pictures)
    anchors = {
        attributes["href"][1:] for tag, attributes in elements.tags if attributes.get("href", "").startswith("#")
    }
    assert anchors <= {attributes.get("id") for _, attributes in elements.tags}


def test_nothing_is_loaded_from_anywhere(page):
    for tag, attributes in Elements(page).tags:
        assert "style" not in attributes, "the page's policy would refuse it"
        assert not any(name.startswith("on") for name in attributes)
        for name in {"src", "href", "srcset", "data", "xlink:href"} & attributes.keys():
            link = urlparse(attributes[name])
            if tag == "a" and link.scheme == "https":
                assert link.netloc in CITED
            else:
                assert link.scheme == "data" or attributes[name].startswith("#")
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\(", page)


def test_nobody_and_no_machine_can_be_known_by_it(page, workspace):
    folder, store = workspace
    text = re.sub(r'"data:[^"]*"', "", page)
    assert not [subject for subject in store.manifest.subjects if subject in text]
    assert "secret-hospital" not in text
    assert str(folder) not in text
    assert not re.search(r"(?<![\w<.])/(?:home|tmp|data|root|work)\b", text)
    assert socket.gethostname() not in text
    assert getpass.getuser() == "root" or getpass.getuser() not in text
    assert pseudonym(next(iter(store.subjects("test", "lesion")))) in text


def test_it_says_who_won_and_stands_the_baseline_and_every_method_beside(page):
    assert "was selected by the AUPRC of the validation patients" in page
    assert "all 3 trials are done" in page
    assert "intensity baseline" in page
    assert "All methods on the test patients" in page
    assert page.count("<polyline") == 3
    assert "No person is in two splits" in page


def test_best_yaml_is_there_in_full_but_for_where_the_scans_are(study):
    text = (
        "# Trial 0 of the study toy:\nstudy: toy-best\ncohort: {kind: bids, root: /data/secret-hospital}\nrun: {a: 1}\n"
    )
    (study.folder / "best.yaml").write_text(text)
    page = page_of(study)
    assert "study: toy-best" in page
    assert "secret-hospital" not in page


def test_the_test_split_is_opened_for_the_first_report_alone_and_that_is_shown(study):
    first = page_of(study)
    assert [opening["for"] for opening in openings(study)] == ["verdict", "verdict", "report"]
    assert "a report’s pictures" in first
    assert page_of(study) == first
    assert len(openings(study)) == 3


def test_pictures_are_made_anew_for_another_verdict(study):
    page_of(study)
    verdict = json.loads((study.folder / "test.json").read_text())
    verdict["winner"]["timing"]["model"] = 5.0
    write_json(study.folder / "test.json", verdict)
    page_of(study)
    assert [opening["for"] for opening in openings(study)].count("report") == 2


def test_a_reason_cannot_become_a_part_of_the_page_and_names_nobody(study):
    lose(study, 3, "failed", '"><script>alert(1)</script> /home/martha/sub-lesion001_FLAIR.nii.gz of sub-lesion001')
    page = page_of(study)
    assert "<script>alert" not in page
    assert "1 lost trial" in page
    assert "martha" not in page
    assert "sub-lesion001" not in page
    assert pseudonym("sub-lesion001") in page


def test_without_the_weights_or_the_slices_it_says_so_and_shows_the_rest(study):
    shutil.rmtree(study.trial(json.loads((study.folder / "selection.json").read_text())["trial"]) / "checkpoints")
    assert "There are no pictures because the weights or the slices cannot be read any more (UAD-321)" in page_of(study)
    shutil.rmtree(study.folder.parents[1] / "stores")
    page = page_of(study)
    assert "no pictures because the prepared slices are no longer there" in page
    assert "was selected by" in page


def test_a_study_that_goes_on_is_reported_as_far_as_it_is_and_the_test_split_stays_shut(study):
    for name in ("selection.json", "test.json", "openings.jsonl"):
        (study.folder / name).unlink()
    page = page_of(study)
    assert "The study has not ended" in page
    assert "the test split is shut" in page
    assert openings(study) == []


def test_a_study_that_went_on_after_its_test_says_that_it_did(study):
    shutil.copy(study.folder / "test.json", study.folder / "test-1.json")
    assert "had ended and been tested 1 time before" in page_of(study)


@pytest.mark.parametrize("lost", [0, 3])
def test_a_study_without_a_score_has_a_page(workspace, tmp_path, lost):
    ledger = begun(tmp_path, workspace[1], made_plan())
    for index in range(lost):
        lose(ledger, index, "diverged", "the loss is no number")
    page = page_of(ledger)
    assert ("3 lost trials" if lost else "No trial is finished") in page
    assert "nothing to draw" in page


def test_one_trial_with_two_objectives_and_a_constraint_has_a_page(workspace, tmp_path):
    objectives = {"val/synthetic_dice": "max", "val/seconds_per_slice": "min"}
    constraints = {"model/parameters": {"at_most": 1e6}}
    plan = made_plan(objectives=objectives, constraints=constraints)
    shutil.copytree(workspace[0] / "stores", tmp_path / "stores")
    ledger = begun(tmp_path, workspace[1], plan)
    train(ledger, workspace[1], 0, made_run(4, 0.01, 97.0))
    ended(ledger, Store.open(tmp_path / "stores" / workspace[1].key), plan, "one trial is enough")
    page = page_of(ledger)
    assert "What no other configuration beats" in page
    assert "Every scored trial kept them" in page
    assert "one trial is enough" in page
    assert "polyline data-trial" not in page


def test_a_study_without_labels_has_a_page_without_a_result(workspace, tmp_path):
    plan = made_plan(objectives={"val/synthetic_auprc": "max"})
    ledger = begun(tmp_path, workspace[1], plan)
    train(ledger, workspace[1], 0, made_run(4, 0.01, 97.0), patients=None)
    select(plan, ledger, workspace[1], "one trial is enough")
    page = page_of(ledger)
    assert "was selected by the AUPRC of lesions painted on healthy validation slices" in page
    assert "No label was read for the search or the choice." in page
    assert "The test split was never opened." in page
    assert "Nothing here was tested" in page
    assert "Result on the test patients" not in page


def test_a_model_that_is_not_trained_has_a_page_without_a_learning_curve(study):
    shutil.rmtree(study.folder / "trials")
    (study.folder / "selection.json").unlink()
    (study.folder / "test.json").unlink()
    store = Store.open(next((study.folder.parents[1] / "stores").iterdir()))
    train(study, store, 0, {"model": "intensity", "scoring": {"median_filter": 3}})
    ended(study, store, made_plan())
    page = page_of(study)
    assert "it is not trained" in page
    assert "There are no pictures" not in page


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium on the path")
def test_a_browser_shows_it_without_a_complaint_and_would_complain_of_what_is_loaded(page, tmp_path):
    assert complaints(page, tmp_path / "report.html") == []
    fetching = page.replace("</header>", '<img src="https://example.org/x.png" alt="x"></header>')
    assert len(complaints(fetching, tmp_path / "fetching.html")) == 1


def complaints(page, path):
    """What the browser's console says of a page."""
    path.write_text(page)
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
    command += [f"--user-data-dir={path.parent / 'profile'}", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "Point at a line" in done.stdout, done.stderr
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]
