"""The HTML page: self-contained, nothing is fetched, and only its own script and style may run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from uadray.data.manifest import Member
from uadray.data.qc.measures import STANDS_OUT, UNUSUAL, Measures, Score
from uadray.data.store import Store

STYLE = """
:root { color-scheme: light dark; --page: #f4f5f7; --card: #fff; --ink: #1b1f24; --quiet: #5d6570; --line: #d9dde3;
  --bad: #c0261c; --odd: #96600a; --link: #0b62a4; }
@media (prefers-color-scheme: dark) { :root { --page: #101317; --card: #191d23; --ink: #e8eaed; --quiet: #9aa3ae;
  --line: #2c323a; --bad: #ff7b6e; --odd: #e9b04a; --link: #7ab8ee; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
header, main { max-width: 2200px; margin: 0 auto; padding: 20px 24px; }
h1 { font-size: 22px; margin: 0 0 2px; }
p { margin: 4px 0; max-width: 105ch; }
.quiet, dt { color: var(--quiet); }
.brain { color: #56b4e9; } .lesion { color: #e69f00; }
nav { position: sticky; top: 0; z-index: 1; background: var(--page); border-bottom: 1px solid var(--line);
  padding: 8px 24px; display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: 3px 10px; cursor: pointer; }
button[aria-pressed=true] { border-color: var(--link); color: var(--link); }
button[data-down]::after { content: " \\2193"; } button[data-up]::after { content: " \\2191"; }
main { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--wide)), 1fr)); }
.of-1 { --wide: 260px; } .of-2 { --wide: 440px; } .of-3 { --wide: 520px; }
article { background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--line); border-radius: 8px;
  overflow: hidden; overflow-wrap: anywhere; scroll-margin-top: 60px; }
article.bad { border-top-color: var(--bad); } article.odd { border-top-color: var(--odd); }
img { display: block; width: 100%; background: #000; }
.text { padding: 8px 12px 10px; }
h2 { font-size: 15px; margin: 0; display: flex; justify-content: space-between; align-items: baseline; gap: 8px; }
.mark { color: var(--quiet); } .mark.bad { color: var(--bad); font-weight: 600; } .mark.odd { color: var(--odd); }
h2 .mark { font-size: 20px; line-height: 1; }
a { color: var(--link); }
dl { display: grid; grid-template-columns: 1fr auto auto; gap: 0 12px; margin: 6px 0;
  font-size: 13px; white-space: nowrap; align-content: start; }
dt, dd { margin: 0; } dd { text-align: right; font-variant-numeric: tabular-nums; }
.text p { margin: 0; font-size: 13px; }
.facts span + span::before { content: " \\00b7  "; color: var(--quiet); }
.of-3 .body { display: grid; grid-template-columns: minmax(230px, 45%) 1fr; gap: 0 32px; }
.of-3 .body .facts { margin: 6px 0; } .of-3 .facts span { display: block; } .of-3 .facts span::before { display: none; }
@media print { nav { display: none; } article { break-inside: avoid; } }
"""

SCRIPT = """
const buttons = document.querySelectorAll("button"), list = document.querySelector("main");
for (const button of buttons) button.addEventListener("click", () => {
  const key = button.dataset.key, text = "text" in button.dataset;
  const up = "down" in button.dataset || (text && !("up" in button.dataset));
  for (const other of buttons) {
    delete other.dataset.up; delete other.dataset.down; other.setAttribute("aria-pressed", other === button);
  }
  button.dataset[up ? "up" : "down"] = "";
  const value = card => card.dataset[key];
  const order = text ? (a, b) => value(a).localeCompare(value(b)) : (a, b) => value(a) - value(b);
  list.append(...[...list.children].sort((a, b) => up ? order(a, b) : order(b, a)));
});
"""

NUMBERS = (
    ("area", "brain area"),
    ("overlap", "overlap"),
    ("median", "median"),
    ("high", "99th percentile"),
    ("lesion", "lesion volume"),
)

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src '{{ digests.style }}'; script-src '{{ digests.script }}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<title>{{ cards | length }} scans, the most unusual first</title>
<style>{{ style }}</style>
</head>
<body>
<header>
<h1>{{ cards | length }} scans, the most unusual first</h1>
<p class="quiet">Store {{ store.key }}: {{ store.describe() }}</p>
<p><strong>{{ bad | length }} stand{{ "s" if bad | length == 1 }} out</strong> (score {{ limit }} or more)\
{% if bad %}:
{% for card in bad[:12] %}<a href="#{{ card.anchor }}">{{ card.id }}</a> <span class="quiet">{{ card.why }}</span>\
{{ ", " if not loop.last }}{% endfor %}{% if bad | length > 12 %}, and {{ bad | length - 12 }} more{% endif %}\
{% endif %}.</p>
<p class="quiet">The score is the largest |z| of four numbers: brain area a slice, overlap (Dice) of the brain with the
cohort's median brain, median and 99th percentile of the intensities in the brain. z is the distance from the cohort's
median in robust standard deviations. It says where to look first, not what is wrong.</p>
<p class="quiet">Outlines: <span class="brain">&#9632;</span> brain, <span class="lesion">&#9632;</span> lesion.
Anterior is up, R is the patient's right. Intensity: 1st, 25th, 50th, 75th and 99th percentile in the brain.</p>
</header>
<nav aria-label="Sort"><span class="quiet">Sort by</span>
<button data-key="score" data-down aria-pressed="true">score</button>
{% for key, label in numbers %}<button data-key="{{ key }}" aria-pressed="false">{{ label }}</button>
{% endfor %}{% for key in texts %}<button data-key="{{ key }}" data-text aria-pressed="false">{{ key }}</button>
{% endfor %}</nav>
<main class="of-{{ tiles }}">
{% for card in cards %}<article id="{{ card.anchor }}" class="{{ card.tone(card.score.value) }}" \
data-score="{{ card.score.value }}" data-area="{{ card.measures.brain_mm2 }}" \
data-overlap="{{ card.measures.overlap }}" \
data-median="{{ card.measures.quantiles[2] }}" data-high="{{ card.measures.quantiles[4] }}" \
data-lesion="{{ card.measures.lesion_ml }}" data-id="{{ card.id }}" data-group="{{ card.member.group }}" \
data-split="{{ card.member.split }}" data-site="{{ card.member.site }}">
<img src="{{ card.picture }}" alt="slices of {{ card.id }}">
<div class="text">
<h2><span>{{ card.id }}</span>\
<span class="mark {{ card.tone(card.score.value) }}">{{ card.score.value | round(1) }}</span></h2>
<p><span class="mark {{ card.tone(card.score.value) }}">{{ card.why }}</span></p>
<div class="body">
<dl>{% for name, shown, z in card.rows %}<dt>{{ name }}</dt><dd>{{ shown }}</dd>\
<dd class="mark {{ card.tone(z) }}">{{ signed(z) }}</dd>{% endfor %}</dl>
<p class="facts">{% for line in card.facts %}<span>{{ line }}</span>{% endfor %}</p>
</div>
</div>
</article>
{% endfor %}</main>
<script>{{ script }}</script>
</body>
</html>
"""


@dataclass(frozen=True)
class Card:
    """A subject on the page; `facts` are lines of text, `picture` is a data URI."""

    id: str
    member: Member
    measures: Measures
    score: Score
    facts: Sequence[str]
    picture: str

    @property
    def anchor(self) -> str:
        """Names the card within the page, whatever the id is made of."""
        return f"s{hashlib.sha256(self.id.encode()).hexdigest()[:12]}"

    @property
    def why(self) -> str:
        """The measure that gave the score, and in which direction."""
        return f"{self.score.reason} {'high' if self.score.z[self.score.reason] > 0 else 'low'}"

    @property
    def rows(self) -> list[tuple[str, str, float]]:
        """The four measures: name, value, z."""
        m = self.measures
        shown = (f"{m.brain_mm2 / 100:.0f} cm²", f"{m.overlap:.2f}", f"{m.quantiles[2]:.2f}", f"{m.quantiles[4]:.2f}")
        return [(name, text, z) for (name, z), text in zip(self.score.z.items(), shown, strict=True)]

    @staticmethod
    def tone(z: float) -> str:
        """The class of a z: "bad", "odd" or none."""
        return "bad" if abs(z) >= STANDS_OUT else "odd" if abs(z) >= UNUSUAL else ""


def render(store: Store, cards: Sequence[Card]) -> str:
    """The page with the cards in this order; all text is escaped."""
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(TEMPLATE)
    return page.render(
        store=store,
        cards=cards,
        bad=[card for card in cards if card.score.value >= STANDS_OUT],
        limit=STANDS_OUT,
        signed=_signed,
        tiles=min(max(card.member.slices for card in cards), 3),
        numbers=NUMBERS,
        texts=("id", "group", "split", "site"),
        style=Markup(STYLE),
        script=Markup(SCRIPT),
        digests={"style": _digest(STYLE), "script": _digest(SCRIPT)},
    )


def _signed(z: float) -> str:
    return f"{z:+.1f}".replace("-", "\N{MINUS SIGN}")


def _digest(text: str) -> str:
    """As a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
