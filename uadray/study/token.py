"""Ray's token is its owner's alone: who reads it may run code as the owner."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def own_token(home: Path | None = None) -> None:
    """Make the file that Ray reads its token from, with mode 0600, or take the others' rights from one that is there.

    Call it before Ray starts, which would make one that everyone can read. A token that the environment gives
    (RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH) is whoever's who gave it.
    """
    if os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH"):
        return
    path = (home or Path.home()) / ".ray" / "auth_token"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        if path.stat().st_uid == os.getuid() and path.stat().st_mode & 0o077:
            path.chmod(0o600)
