"""Hosts on one machine: each has an address, processes, a home and a /tmp/ray of its own, and an sshd.

A host is a set of Linux namespaces (network, mounts, processes, host name) behind a bridge. Everything else of the file
system is shared, as by NFS. There is no way out of the bridge: what a host needs must be on the machine already.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

TOOLS = ("ip", "unshare", "ssh", "ssh-keygen", "rsync", "/usr/sbin/sshd")
NET = "10.77.31"
LAUNCHER = f"{NET}.254"  # the address of the machine itself on the bridge

FIRST = """\
import os, subprocess, sys
subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", sys.argv[1]])
while True:  # the first process of a host buries the others
    try:
        os.wait()
    except ChildProcessError:
        break
"""

START = """\
set -e
hostname {name}
mount --make-rprivate /
mkdir -p /tmp/ray && mount -t tmpfs tmpfs /tmp/ray
mount --bind {folder}/passwd /etc/passwd
exec {python} {folder}/first.py {folder}/sshd_config
"""

SSHD = """\
ListenAddress {address}:22
HostKey {keys}/host
AuthorizedKeysFile {keys}/user.pub
PidFile none
StrictModes no
PasswordAuthentication no
UsePAM no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""

PIP = """\
[global]
no-index = true
[install]
no-build-isolation = false
"""


def missing() -> str:
    """Why there can be no hosts here; empty where there can."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return "namespaces need root"
    tried = subprocess.run(["unshare", "--net", "--mount", "--pid", "--uts", "--fork", "true"], capture_output=True)
    bridge = subprocess.run(["unshare", "--net", "ip", "link", "add", "probe0", "type", "bridge"], capture_output=True)
    return "" if tried.returncode == bridge.returncode == 0 else "namespaces are not allowed"


@dataclass
class Host:
    """One of the lab's hosts."""

    name: str
    address: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def runs(self, name: str) -> bool:
        """Whether a process of this title is on the host."""
        network = os.stat(f"/proc/{self._first}/ns/net").st_ino
        return any(name in title for title in _titles(network))

    def kill(self) -> None:
        """As if its power went: no process of it has time for a last word."""
        os.kill(self._first, signal.SIGKILL)
        self.process.wait()

    @property
    def _first(self) -> int:
        """The first process of the host, whose end is the end of all others."""
        return int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])


@contextmanager
def hosts(folder: Path, *names: str) -> Iterator[dict[str, Host]]:
    """Hosts by name, with a virtual environment like this one in the home of each; `folder` must be new."""
    keys = folder / "keys"
    keys.mkdir(parents=True)
    for key in ("host", "user"):
        _do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / key)
    Path("/run/sshd").mkdir(exist_ok=True)
    bridge = "uadbr"
    _clear(bridge, names)
    with ExitStack() as undo:
        _do("ip", "link", "add", bridge, "type", "bridge")
        undo.callback(_undo, "link", "del", bridge)
        _do("ip", "addr", "add", f"{LAUNCHER}/24", "dev", bridge)
        _do("ip", "link", "set", bridge, "up")
        found = {}
        for number, name in enumerate(names, start=1):
            found[name] = _host(folder / name, name, f"{NET}.{number}", bridge, keys, undo)
        for host in found.values():
            _answers(host, keys)
        yield found


def _clear(bridge: str, names: Iterable[str]) -> None:
    """Take away what a killed run has left."""
    for name in names:
        left = subprocess.run(["ip", "netns", "pids", f"uad-{name}"], capture_output=True, text=True).stdout
        for pid in left.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        _undo("link", "del", f"{name}1")
        _undo("netns", "del", f"uad-{name}")
    _undo("link", "del", bridge)


def _host(folder: Path, name: str, address: str, bridge: str, keys: Path, undo: ExitStack) -> Host:
    (folder / "home").mkdir(parents=True)
    space, inside, outside = f"uad-{name}", f"{name}0", f"{name}1"
    _do("ip", "netns", "add", space)
    undo.callback(_undo, "netns", "del", space)
    _do("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", space)
    undo.callback(_undo, "link", "del", outside)
    _do("ip", "link", "set", outside, "master", bridge, "up")
    for device in (("addr", "add", f"{address}/24", "dev", inside), ("link", "set", inside, "up")):
        _do("ip", "-n", space, *device)
    _do("ip", "-n", space, "link", "set", "lo", "up")
    entries = Path("/etc/passwd").read_text().splitlines()
    (folder / "passwd").write_text(f"root:x:0:0::{folder / 'home'}:/bin/bash\n" + "\n".join(entries[1:]) + "\n")
    (folder / "sshd_config").write_text(SSHD.format(address=address, keys=keys))
    (folder / "first.py").write_text(FIRST)
    _environment(folder / "home")
    start = START.format(name=name, folder=folder, python=sys.executable)
    command = ["ip", "netns", "exec", space, "unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc"]
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([*command, "sh", "-c", start], stdout=log, stderr=log, cwd="/")
    host = Host(name, address, folder, process)
    undo.callback(lambda: process.poll() is None and host.kill())
    return host


def _environment(home: Path) -> None:
    """A virtual environment that finds what this one has installed, since hosts reach no package index."""
    env = home / "uadray-env"
    _do(sys.executable, "-m", "venv", "--without-pip", env)
    site = next((env / "lib").glob("python3*/site-packages"))
    (site / "machine.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    for name in ("ray", "pip"):
        script = Path(sys.executable).with_name(name).read_text().splitlines()
        (env / "bin" / name).write_text("\n".join([f"#!{env}/bin/python", *script[1:]]) + "\n")
        (env / "bin" / name).chmod(0o755)
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(PIP)


def _titles(network: int) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.stat(process / "ns" / "net").st_ino == network:
                yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it is gone


def _answers(host: Host, keys: Path) -> None:
    deadline = time.monotonic() + 30
    command = ["ssh", "-i", keys / "user", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    while subprocess.run([*command, f"root@{host.address}", "true"], capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError((host.folder / "sshd.log").read_text())
        time.sleep(0.2)


def _do(*command: object) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")


def _undo(*command: str) -> None:
    """What may be gone already: a network goes with the last of its processes."""
    subprocess.run(["ip", *command], capture_output=True)
