"""The folders weekly pages were ever written to, so that a patient who is forgotten is taken out of all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from clinic import folder
from storage import meta
from storage.store import Unit

FACT = "page_folders"
"""The fact that names them: a JSON list."""


def is_known(u: Unit, root: Path) -> bool:
    return str(root.absolute()) in _folders(u)


def remember(u: Unit, root: Path) -> bool:
    """Put the folder down, once it has taken its marker. True when it was not known before. Raises `OSError` when it refuses."""
    folder.claim(root)
    if is_known(u, root):
        return False
    meta.put(u, FACT, json.dumps(sorted({str(root.absolute()), *_folders(u)})))
    return True


def away(u: Unit) -> list[Path]:
    """The folders that are not there as they were: their disk is not plugged in, or they are gone."""
    return [root for root in map(Path, _folders(u)) if not _is_there(root)]


def erase(u: Unit, codes: Sequence[str]) -> list[Path]:
    """Remove the pages of patients who were forgotten from every folder.

    Returns the folders where that was not possible, not there or refusing: they are to be tried again.
    """
    missed = []
    for root in (Path(each) for each in _folders(u)):
        try:
            folder.remove(root, codes)
        except OSError:
            missed.append(root)
    return missed


def _is_there(root: Path) -> bool:
    try:
        return folder.is_there(root)
    except OSError:
        return False


def _folders(u: Unit) -> list[str]:
    found: list[str] = json.loads(meta.get(u, FACT) or "[]")
    return found
