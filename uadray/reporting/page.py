"""The HTML page: self-contained, nothing is fetched, and only its own script and style may run."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from uadray.reporting import asked, cohort, reproduce, result, score_charts, search, search_charts, short, trust, words
from uadray.reporting.from_slices import FromSlices, from_slices
from uadray.reporting.gathering import Found
from uadray.reporting.parallel import parallel
from uadray.study.design.labels import choice
from uadray.study.result.comparison import standings
from uadray.study.result.importance import FEWEST

SHOWN = 5  # trials whose percentile curves are drawn


def render(found: Found) -> str:
    """The page of a study; all text is escaped. Opens the test split unless an earlier report did."""
    seen = from_slices(found)
    loader = PackageLoader("uadray", "reporting/templates")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style, script = (loader.get_source(pages, name)[0] for name in ("report.css", "report.js"))
    return pages.get_template("report.html").render(
        found=found,
        plan=found.plan,
        seen=seen,
        counted=words.counted,
        listed=words.listed,
        number=words.number,
        SHORT=words.SHORT,
        short=_short(found, seen),
        asked=_asked(found),
        data=_data(found),
        result=_result(found, seen),
        methods=_methods(found),
        search=_search(found),
        trust=_trust(found),
        reproduce=_reproduce(found),
        style=Markup(style),
        script=Markup(script),
        digests={"style": _digest(style), "script": _digest(script)},
    )


def _short(found: Found, seen: FromSlices) -> dict[str, Any]:
    compared = short.against_baseline(found.verdict) if found.verdict else []
    sentences = [short.trials(found), short.ending(found), short.chosen(found), *compared]
    return {"tiles": short.tiles(found, seen), "sentences": [sentence for sentence in sentences if sentence]}


def _asked(found: Found) -> dict[str, Any]:
    plan = found.plan
    return {
        "objectives": asked.objectives(plan),
        "constraints": asked.constraints(plan),
        "space": asked.search_space(plan.run),
        "budget": asked.budget(plan),
        "sampler": asked.SAMPLERS.get(plan.sampler.kind, plan.sampler.kind),
        "scheduler": asked.SCHEDULERS.get(plan.scheduler.kind, plan.scheduler.kind),
    }


def _data(found: Found) -> dict[str, Any]:
    kind, store = cohort.COHORTS[found.plan.cohort.kind], found.store
    if store is None:
        return {"kind": kind, "store": None}
    return {
        "kind": kind,
        "store": store,
        "splits": cohort.splits(store),
        "pixels": cohort.pixels(store),
        "sites": cohort.sites(store),
        "left_out": len({exclusion.subject for exclusion in store.manifest.exclusions}),
        "exclusions": cohort.exclusions(store.manifest.exclusions),
        "prevalences": cohort.prevalences(found),
        "in_two_splits": cohort.persons_in_two_splits(store),
    }


def _result(found: Found, seen: FromSlices) -> dict[str, Any] | None:
    verdict = found.verdict
    if verdict is None:
        return None
    return {
        "measures": result.measures(verdict, seen),
        "paired": result.paired(result.differences(verdict)),
        "patients": result.patients(verdict),
        "charts": [score_charts.against_baseline(verdict), score_charts.by_load(verdict)],
        "origin": words.sentence(verdict.winner.run.scoring.threshold.origin),
        "choice": choice(found.plan, verdict.winner.val.scored if verdict.winner.val else 0),
        "spread": trust.spread_of_seeds(found),
    }


def _methods(found: Found) -> dict[str, Any] | None:
    verdict = found.verdict
    if verdict is None or not verdict.others or verdict.winner.test.scored < 2:
        return None
    rows, ranks = standings(verdict, found.ledger), found.ledger.folder / "ranks.png"
    return {
        "standings": search.standings(rows),
        "chart": score_charts.methods(rows),
        "ranks": _picture(ranks) if ranks.is_file() else "",
        "agreement": search.validation_and_test(found),
    }


def _search(found: Found) -> dict[str, Any]:
    best = [r for r in search.ranking(found) if r.percentiles and r.val is not None][:SHOWN]
    winner, front = found.winner, search.pareto(found)
    several = len(found.plan.objectives) > 1 and found.selection.get("pareto")
    return {
        "history": search_charts.history(found) if found.scored else None,
        "parallel": parallel(found),
        "importance": search_charts.importance(found.importance) if found.importance else None,
        "fewest": FEWEST,
        "trials": search.trials(found),
        "others": search.other_objectives(found) if found.selection else None,
        "pareto": search_charts.pareto(found, found.selection["pareto"]) if several else None,
        "front": front,
        "infeasible": found.selection.get("infeasible", []),
        "percentiles": score_charts.percentiles(best) if best else None,
        "learning": score_charts.learning(winner) if winner and winner.curve else None,
        "lost": search.lost(found),
    }


def _trust(found: Found) -> dict[str, Any]:
    return {
        "openings": trust.openings(found),
        "former": trust.former_tests(found),
        "labels": trust.labels_read(found),
        "cautions": trust.cautions(found),
        "copied": any(opening["at"] < found.sealed_at for opening in found.openings),
        "sealed": found.sealed_at.replace("T", " ").replace("Z", " UTC"),
    }


def _reproduce(found: Found) -> dict[str, Any]:
    return {
        "facts": reproduce.facts(found),
        "study": reproduce.study_file(found),
        "best": reproduce.best_file(found),
    }


def _picture(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _digest(text: str) -> str:
    """As a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
