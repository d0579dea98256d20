"""Puts files into the export folder: whole or not at all, readable by their owner only, and again only if they changed.

Names are made here from the week and the patient's code (`2026-W46/0417.html`), never from anything a person wrote.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Collection, Iterable
from datetime import date
from hashlib import sha256
from pathlib import Path

from clinic import weeks
from storage import disk, points

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
_SUFFIX = re.compile(r"\.[a-z]{2,8}", re.ASCII)
_PREPARED = re.compile(rb'<time class="prepared"[^<]*</time>')
_WEEK = re.compile(r"\d{4}-W\d{2}", re.ASCII)
MARKER = ".between-pages"
_SAYS = b"Between writes weekly pages here, and takes a forgotten patient's away. It knows this folder by this file: leave it here.\n"
_STALE = 3600
"""Seconds after which a part file left by a killed process is removed."""


class FolderError(Exception):
    """The file can't be put there; the message says which part of the name or folder to change."""


def claim(root: Path) -> None:
    """Make the folder (mode 0700) and put the marker into it, by which it is told from the empty place where a disk belongs."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (root / MARKER).is_file():
        write_if_changed(root / MARKER, _SAYS)


def place(root: Path, monday: date, code: str, suffix: str) -> Path:
    """Where a patient's file of a week lies under `root`; makes the week's folder (mode 0700).

    Raises `FolderError` for a code that is not letters, digits, dash or underscore, and for a week folder that leads out of `root`.
    """
    if not _CODE.fullmatch(code):
        raise FolderError("A patient code in a file name may hold letters, digits, dash and underscore only, at most 40.")
    if not _SUFFIX.fullmatch(suffix):
        raise FolderError(f"{suffix!r} is not a file ending. Use one like .html or .csv.")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / weeks.name_of(monday)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.resolve().parent != root.resolve():
        raise FolderError(f"The folder {folder.name} leads out of the export folder. Remove the link and export again.")
    return folder / f"{code}{suffix}"


def fingerprint(data: bytes) -> str:
    """SHA-256 (hex) of a file's content without the time it was prepared, which alone never makes a page new."""
    return sha256(_PREPARED.sub(b"", data)).hexdigest()


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write `data` unless the file already holds it, the prepared time aside; True when written.

    A reader sees the old file or the new one, never a part: the bytes go to a part file (mode 0600), are flushed to the disk,
    and then take the name. On any error (OSError) the old file stays and no part is left.
    """
    if holds(path, data):
        return False
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _remove_stale(path, Path(part))
        with points.around("page"):
            os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    disk.sync(path.parent)
    return True


def is_there(root: Path) -> bool:
    """Whether this is a folder pages were written to, and not the empty place where its disk belongs. Raises `OSError` where it refuses."""
    return root.is_dir() and ((root / MARKER).is_file() or any(_WEEK.fullmatch(week.name) for week in root.iterdir()))


def remove(root: Path, codes: Collection[str]) -> int:
    """Remove these patients' files of every week under `root`, and those about everybody that name one of them. Returns how many.

    They are overwritten first, as far as the disk honours that. What is about everybody can be written again, without them.
    Raises `OSError` for a folder that refuses, that is not there, or that has neither weeks nor the marker: its disk is not plugged in.
    """
    gone = 0
    if not is_there(root):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))
    folders = [week for week in root.iterdir() if _WEEK.fullmatch(week.name) and week.is_dir()]
    named = [code.encode() for code in codes]
    for path in (path for week in folders for path in week.iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        about_all = path.stem in ("caseload", path.parent.name)
        part = path.name.startswith(".") and path.suffix == ".part"
        if path.stem in codes or part or (about_all and _names(path, named)):
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
            path.unlink()
            gone += 1
    return gone


def _names(path: Path, codes: Iterable[bytes]) -> bool:
    data = path.read_bytes()
    return any(code in data for code in codes)


def holds(path: Path, data: bytes) -> bool:
    """Whether the file is there as it should be: ours alone, with this content, the prepared time aside."""
    if path.is_symlink() or not path.is_file():
        return False
    mode_is_ours = os.name == "nt" or path.stat().st_mode & 0o077 == 0
    return mode_is_ours and fingerprint(path.read_bytes()) == fingerprint(data)


def _remove_stale(path: Path, newest: Path) -> None:
    now = newest.stat().st_mtime
    for other in path.parent.glob(f".{path.name}.*.part"):
        with contextlib.suppress(OSError):
            if now - other.stat().st_mtime > _STALE:
                other.unlink()
