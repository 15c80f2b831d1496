"""The address of a Ray cluster, as a person gives it."""

from __future__ import annotations

import re

from uadray.errors import ConfigError, Problem

CLIENT = "ray://"
HOST_AND_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(\d{1,5})")


def checked(address: str | None) -> str | None:
    """The address, `auto` or HOST:PORT; None, for no cluster, is left as it is.

    Raises ConfigError: UAD-441 for an address of the Ray Client, UAD-440 for anything else.

    >>> checked("auto"), checked("10.0.0.2:6379"), checked(None)
    ('auto', '10.0.0.2:6379', None)
    """
    if address is None or address == "auto":
        return address
    if address.startswith(CLIENT):
        must = "a study must be run on a node of its cluster: the Ray Client lets go of a study whose network fails"
        do = "Run it on the head with --address auto, by ray exec, ray job submit or a terminal there."
        raise ConfigError(Problem("UAD-441", "--address", must, address, do))
    found = HOST_AND_PORT.fullmatch(address)
    if found is None or not 0 < int(found[2]) < 65536:
        do = "ray status on a node of the cluster says whether it runs, ray start --head how it is reached."
        raise ConfigError(Problem("UAD-440", "--address", "must be auto or HOST:PORT", f"{address!r}", do))
    return address
