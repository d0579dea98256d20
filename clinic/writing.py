"""Writes the files of an export one after the other, and says how far it came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clinic import folder


@dataclass(frozen=True, slots=True)
class File:
    """One file to be. `who` is the patient it is about, None for all; `existed` before this run."""

    path: Path
    data: bytes
    who: str | None
    existed: bool

    def about(self, code: str) -> bool:
        return self.who in (code, None)

    def shows(self, code: str) -> bool:
        """Whether writing it shows this patient anew: their own file does, one about all only in a place where it was not yet."""
        return self.who == code or (self.who is None and not self.existed)


def write(files: Iterable[File]) -> tuple[list[File], list[File], OSError | None]:
    """Files that are there now, those of them that were written now, and what stopped it before the end."""
    there: list[File] = []
    written: list[File] = []
    for file in files:
        try:
            new = folder.write_if_changed(file.path, file.data)
        except OSError as fault:
            if _took_its_name(file):
                return [*there, file], [*written, file], fault
            return there, written, fault
        there.append(file)
        written += [file] if new else []
    return there, written, None


def _took_its_name(file: File) -> bool:
    """Whether a file that could not be written is there all the same: only the flush of its folder failed."""
    try:
        return folder.holds(file.path, file.data)
    except OSError:
        return False
