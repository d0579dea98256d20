"""What a file system is asked for besides reading and writing."""

from __future__ import annotations

import os
from pathlib import Path


def sync(folder: Path) -> None:
    """On disk when this returns: which files the folder has, under which names. On Windows nothing can be asked for that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
