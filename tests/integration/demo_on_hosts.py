"""The demo study on three hosts of this machine's own, by the commands of clusters/README.md, as a page to read.

    python tests/integration/demo_on_hosts.py docs/cluster_transcript.md

It needs root, iproute2, openssh-server and rsync, and takes some minutes.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import lab
from ray_up import ROOT, Terminal, cluster_file, dashboard

NOISE = re.compile(
    r"bashrc: No such file|^Shared connection|cannot modify limit|refers to a file|To ensure this mount"
    r"|^\d{4}-\d\d-\d\d .*\b(V*INFO|V?WARN(ING)?)\b"
)
CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
FIRST, LAST = 6, 34  # lines of an answer
PAGE = """\
# A study on three hosts, as it was typed

Written by `python tests/integration/demo_on_hosts.py`: [local.yaml](../clusters/local.yaml) with a head and two workers, which here are hosts of one
machine (namespaces with an address, processes, a home and an sshd each). Long answers are cut in the middle.

~~~~text
{typed}
~~~~
"""


def main(page: Path) -> None:
    """Run everything and write the page."""
    if why := lab.missing():
        raise SystemExit(f"no hosts here: {why}")
    with TemporaryDirectory() as place:
        folder = Path(place)
        shared = folder / "mnt" / "uadray"
        shared.mkdir(parents=True)
        terminal = Terminal(folder / "home")
        try:
            with lab.hosts(folder / "lab", "head", "left", "right") as hosts:
                _demo(terminal, folder, shared, hosts)
        finally:
            text = _shown(terminal.answers).replace(str(folder / "home"), "~").replace(str(folder / "lab"), "~")
            page.write_text(PAGE.format(typed=text.replace(str(folder), "").replace(f"{ROOT}/", "")))


def _demo(terminal: Terminal, folder: Path, shared: Path, hosts: dict[str, lab.Host]) -> None:
    mine = cluster_file(folder / "lab", "my-local", hosts["head"], [hosts["left"], hosts["right"]], shared)
    terminal.type("ray", "get-auth-token", "--generate", secret=True)
    terminal.type("ray", "up", "--yes", "--log-style", "pretty", "--log-color", "false", mine)
    terminal.type("ray", "exec", mine, f"python -m uadray.doctor --address auto --workspace {shared}")
    with dashboard(terminal, mine):
        submit = ["ray", "job", "submit", "--log-style", "pretty", "--log-color", "false", "--working-dir", ".", "--"]
        sweep = ["python", "-m", "uadray.sweep", "search_spaces/latent.yaml", "budget.trials=6"]
        terminal.type(*submit, *sweep, "--address", "auto", "--workspace", shared, timeout=900)
    terminal.type("ray", "exec", mine, "ray status")
    fetched = folder / "home" / "runs" / "studies" / "latent"
    fetched.mkdir(parents=True)
    terminal.type("ray", "rsync-down", mine, f"{shared}/studies/latent/", f"{fetched}/")
    terminal.type("python", "-m", "uadray.status", fetched)
    terminal.type("ray", "down", "--yes", "--log-style", "pretty", "--log-color", "false", mine)
    shutil.rmtree(fetched)


def _shown(answers: list[tuple[str, str]]) -> str:
    parts = []
    for command, answer in answers:
        lines = [line.rstrip() for line in CODES.sub("", answer).splitlines() if not NOISE.search(line)]
        if len(lines) > FIRST + LAST:
            lines = [*lines[:FIRST], "...", *lines[-LAST:]]
        parts.append("\n".join([f"$ {command}", *lines]))
    return "\n\n".join(parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
