"""`content/screen/encoder.npz`, as `safety.encoder.unpack` reads it, and `encoder.toml` beside it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from bench.train_encoder.network import Network
from content.library import ROOT
from safety.encoder import MOST_PIECES

OUT = ROOT / "screen" / "encoder.npz"
JUDGED = np.array([[1.0, 0.0, 0.0], [0.5, 0.22, 0.28]], "f4")
"""Danger is what it says of at least a concern; gravity what it says of that, of at least high, and of imminent, weighed as a logistic
regression found best on the writers held out, where a concern counted a tenth of an imminent danger and a high one three tenths."""
ABOUT = """# What lies in encoder.npz, made by python -m bench.train_encoder; not written by hand.

[meta]
source = "multilingual-e5-small (Wang et al. 2024, arXiv 2402.05672; MIT licence), its upper half taught on our messages (sha256 {digest})."
review = "pending"

[file]
sha256 = "{sha256}"
"""


def write(network: Network, pieces: Sequence[tuple[str, float]], heads: int, digest: str) -> None:
    words, scale = _small(network.words.weight)
    arrays: dict[str, Any] = {
        "pieces": np.frombuffer("\n".join(piece for piece, _ in pieces).encode(), "u1"),
        "likely": np.array([likely for _, likely in pieces], "f4"),
        "words": words,
        "words_scale": scale,
        "places": _plain(network.places)[: MOST_PIECES + 2],
        "begin": np.stack([_plain(network.begin.weight), _plain(network.begin.bias)]),
        "heads": np.array(heads),
        "attend": _plain(network.attend.weight).T,
        "attend_bias": _plain(network.attend.bias),
        "judge": (JUDGED @ _plain(network.judge.weight)).T,
        "judge_bias": JUDGED @ _plain(network.judge.bias),
    }
    for name in ("look", "gather", "widen", "narrow"):
        made = [_small(getattr(layer, name).weight) for layer in network.layers]
        arrays[name], arrays[f"{name}_scale"] = (np.stack(each) for each in zip(*made, strict=True))
        arrays[f"{name}_bias"] = np.stack([_plain(getattr(layer, name).bias) for layer in network.layers])
    arrays["norms"] = np.stack(
        [
            [_plain(each) for norm in (layer.after_looking, layer.after_thinking) for each in (norm.weight, norm.bias)]
            for layer in network.layers
        ]
    )
    np.savez_compressed(OUT, **arrays)
    sha256 = hashlib.sha256(OUT.read_bytes()).hexdigest()
    OUT.with_suffix(".toml").write_text(ABOUT.format(digest=digest, sha256=sha256), encoding="utf-8")
    sys.stdout.write(f"Wrote {OUT.name}, {OUT.stat().st_size} bytes.\n")


def _plain(part: nn.Parameter) -> Any:
    return part.detach().numpy().astype("f4")


def _small(part: nn.Parameter) -> tuple[Any, Any]:
    """Weights in a byte each, and for each row what one is worth."""
    weights = _plain(part)
    scale = abs(weights).max(axis=1) / 127
    scale[scale == 0] = 1
    return (weights / scale[:, None]).round().astype("int8"), scale
