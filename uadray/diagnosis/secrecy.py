"""Who could reach what runs here: Ray's token, open ports, and what libraries send home."""

from __future__ import annotations

import stat
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path

from uadray.diagnosis.finding import Finding, ok, problem, warning
from uadray.errors import in_a_line

PORTS = {5000: "MLflow", 6379: "Ray", 8265: "Ray's dashboard", 10001: "Ray's client port"}
LOOPBACK = ("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
LISTENS = "0A"
KERNEL = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
TELEMETRY = (("Ray", "RAY_USAGE_STATS_ENABLED", "0"), ("MLflow", "MLFLOW_DISABLE_TELEMETRY", "true"))
DENIED = (401, 403)
PATIENCE_S = 10.0
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy's own 403 says nothing of a cluster
MAKE = "umask 077; ray get-auth-token --generate > /dev/null"


def token(environment: Mapping[str, str], home: Path) -> Finding:
    """The file that Ray's token is read from is its owner's alone; Ray itself makes it readable for others."""
    about = "Ray's token"
    if environment.get("RAY_AUTH_MODE", "token").lower() != "token":
        do = "Unset RAY_AUTH_MODE: who reaches Ray's ports may run any code."
        return problem(about, f"switched off by RAY_AUTH_MODE={environment['RAY_AUTH_MODE']}", do)
    if environment.get("RAY_AUTH_TOKEN"):
        return ok(about, "from RAY_AUTH_TOKEN")
    path = Path(environment.get("RAY_AUTH_TOKEN_PATH") or home / ".ray" / "auth_token")
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        say = "none yet; ray.init makes one that others can read, and a head that `ray start` starts asks for none"
        return warning(about, say, f"Make it yourself: {MAKE}")
    if mode & 0o077:
        return problem(about, f"others can read or change it (mode {mode:04o})", f"chmod 600 {path}")
    return ok(about, f"its owner's alone (mode {mode:04o})")


def asks_for_token(dashboard: str | None) -> Finding:
    """Whether the Jobs API of a cluster, at HOST:PORT, refuses who has no token; "" and None are for no dashboard."""
    about = "token of the cluster"
    start = "Start every node of it with RAY_AUTH_MODE=token"
    if not dashboard:
        return warning(about, "not known: the cluster has no dashboard that could be asked", f"{start}.")
    try:
        with DIRECTLY.open(f"http://{dashboard}/api/jobs/", timeout=PATIENCE_S) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except (OSError, HTTPException) as error:  # the latter of what speaks no HTTP
        say = f"not known: the dashboard at http://{dashboard} does not answer from here ({in_a_line(error)})"
        return warning(about, say, f"{start}, and ask on its head.")
    if status in DENIED:
        return ok(about, f"who has none is refused ({status})")
    say = f"who has none is let in: the dashboard at http://{dashboard} answers {status}"
    return problem(about, say, f"{start}, and give them one: who reaches its ports may run any code.")


def telemetry(environment: Mapping[str, str]) -> Iterator[Finding]:
    """What the libraries would send in an environment."""
    for library, name, quiet in TELEMETRY:
        about = f"telemetry of {library}"
        if environment.get(name, "").lower() == quiet:
            yield ok(about, "off")
        elif environment.get(name) is None:
            yield ok(about, f"off in studies; what you start yourself sends unless {name}={quiet}")
        else:
            said = f"off in studies; what you start yourself sends: {name}={environment[name]}"
            yield warning(about, said, f"export {name}={quiet}")


def ports(tables: Iterable[Path] = KERNEL) -> Finding:
    """Whether one of the usual ports of Ray and MLflow can be reached from another machine."""
    open_to_all: set[int] = set()
    here: set[int] = set()
    for table in tables:
        for address, port in _listening(table):
            if port in PORTS:
                (here if address in LOOPBACK else open_to_all).add(port)
    if open_to_all:
        names = ", ".join(f"{port} ({PORTS[port]})" for port in sorted(open_to_all))
        do = "Bind MLflow and the dashboard to 127.0.0.1 and use a tunnel; a firewall must shut Ray's own port."
        return warning("ports", f"not of loopback alone: {names}", do)
    names = ", ".join(f"{port} ({PORTS[port]})" for port in sorted(here))
    return ok("ports", f"on loopback alone: {names}" if here else "none of MLflow's and Ray's usual ones is open")


def _listening(table: Path) -> Iterator[tuple[str, int]]:
    """Address (hexadecimal, as the kernel writes it) and port of each socket that listens."""
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:  # no Linux
        return
    for fields in map(str.split, lines):
        if fields[3] == LISTENS:
            address, _, port = fields[1].partition(":")
            yield address, int(port, 16)
