"""How a text reads to a small language model: a transformer encoder that had seen a hundred languages before it learned from our own
made-up messages. `safety/weighing.py` adds what it says to what the tables say (`docs/adr/031-a-small-language-model.md`).

It runs here, in numpy, on weights that lie in the repository (`content/screen/encoder.npz`, made by `python -m bench.train_encoder`);
nothing is fetched and nothing leaves. The same text gives the same scores.
"""

from __future__ import annotations

import hashlib
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from content.library import ROOT, ContentError, read_toml

Floats = NDArray[np.float32]
PADDING, BEGIN, END, UNKNOWN = range(4)  # rows of the vocabulary; the pieces of words follow
BEFORE_WORD = "\u2581"  # how a piece says that a word begins with it
AT_ONCE = 256  # pieces of texts that are read side by side; more, or fewer, are slower
MOST_PIECES = 126  # of one text, longer ones are cut; about ninety words
RARER = 10.0  # how much less likely a letter is that no piece has than the rarest piece
SCRAPS = 2.5  # pieces a word: what falls into more is no words to it ("kbyefdfp urrcbtd"), and it may only say that it is harmless
MOST_KNOWN = 20_000
"""Words kept with the pieces they fall into; the next ones are cut anew each time."""


class Scores(NamedTuple):
    """How much a text reads like danger, and like danger that cannot wait: log-odds, more is worse."""

    danger: float
    gravity: float

    @property
    def harmless(self) -> Scores:
        """As far as they say that it is harmless."""
        return Scores(min(self.danger, 0.0), min(self.gravity, 0.0))


class Linear(NamedTuple):
    """Weights of [in, out] and what is added."""

    weights: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        return x @ self.weights + self.bias


class Norm(NamedTuple):
    """Scales each word's numbers to mean 0 and spread 1, then as was learned."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return x * self.weight + self.bias


class Layer(NamedTuple):
    """Each word looks at all others of its text (`look`, `gather`), then is thought about by itself (`widen`, `narrow`)."""

    look: Linear
    gather: Linear
    after_looking: Norm
    widen: Linear
    narrow: Linear
    after_thinking: Norm

    def __call__(self, x: Floats, texts: Sequence[slice], heads: int) -> Floats:
        looked = self.look(x)
        x = self.after_looking(x + self.gather(np.concatenate([_seen(looked[text], heads) for text in texts])))
        return self.after_thinking(x + self.narrow(_gelu(self.widen(x))))


@dataclass(frozen=True)
class Pieces:
    """The vocabulary: each piece of a word with its row and how likely it is (log). A word is cut into the likeliest pieces (Kudo 2018,
    "Subword regularization": a unigram language model)."""

    rows: Mapping[str, tuple[int, float]]
    longest: int
    unknown: float
    known: dict[str, tuple[int, ...]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, pieces: Sequence[str], likely: Sequence[float]) -> Pieces:
        rows = {piece: (row, score) for row, (piece, score) in enumerate(zip(pieces, likely, strict=True), start=UNKNOWN + 1)}
        return cls(rows, max(map(len, pieces)), min(likely) - RARER)

    def rows_of(self, text: str) -> list[int]:
        """The rows of the pieces that a text falls into."""
        plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
        return [row for word in plain.split() for row in self._word(word)]

    def _word(self, word: str) -> tuple[int, ...]:
        found = self.known.get(word)
        if found is None:
            found = tuple(self._cut(BEFORE_WORD + word[:200]))
            if len(self.known) < MOST_KNOWN:
                self.known[word] = found
        return found

    def _cut(self, word: str) -> list[int]:
        best: list[tuple[float, int, int]] = [(0.0, 0, UNKNOWN)]  # up to each letter: how likely, from which letter, by which row
        for end in range(1, len(word) + 1):
            ways = [(best[end - 1][0] + self.unknown, end - 1, UNKNOWN)]
            for start in range(max(0, end - self.longest), end):
                row, score = self.rows.get(word[start:end], (UNKNOWN, -inf))
                ways.append((best[start][0] + score, start, row))
            best.append(max(ways))
        rows, at = [], len(word)
        while at:
            _, at, row = best[at]
            rows.append(row)
        return rows[::-1]


@dataclass(frozen=True)
class Encoder:
    """The model. `places`: what is added to a piece by where it stands; `attend` says which words count most when all are summed up."""

    pieces: Pieces
    words: NDArray[np.int8]
    words_scale: Floats
    places: Floats
    begin: Norm
    layers: tuple[Layer, ...]
    heads: int
    attend: Linear
    judge: Linear

    def read(self, texts: Sequence[str]) -> list[Scores]:
        """How each of some texts of up to about ninety words reads; side by side, which is cheaper than one by one."""
        rows = [[BEGIN, *self.pieces.rows_of(text)[:MOST_PIECES], END] for text in texts]
        scores = [said for some in _at_once(rows) for said in self._read(some)]
        return [
            said if len(each) <= SCRAPS * len(text.split()) else said.harmless for said, each, text in zip(scores, rows, texts, strict=True)
        ]

    def _read(self, rows: Sequence[list[int]]) -> Iterator[Scores]:
        ends = list(accumulate(map(len, rows)))
        stretches = [slice(end - len(each), end) for each, end in zip(rows, ends, strict=True)]
        all_rows = np.concatenate(rows)
        x = self.words[all_rows] * self.words_scale[all_rows, None]
        x = self.begin(x + np.concatenate([self.places[: len(each)] for each in rows]))
        for layer in self.layers:
            x = layer(x, stretches, self.heads)
        return (self._scores(x[stretch]) for stretch in stretches)

    def _scores(self, x: Floats) -> Scores:
        attention = _softmax(self.attend(x).T)
        danger, gravity = self.judge(np.concatenate([x.mean(axis=0), (attention @ x)[0]]))
        return Scores(float(danger), float(gravity))


def load_encoder() -> Encoder:
    """From `content/screen/encoder.npz`. Raises `ContentError` when it is not there, or not the file that `encoder.toml` names."""
    path = ROOT / "screen" / "encoder.npz"
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise ContentError(f"screen/{path.name} cannot be read ({fault.strerror}); check it out anew.") from fault
    if hashlib.sha256(raw).hexdigest() != read_toml(path.with_suffix(".toml"))["file"]["sha256"]:
        raise ContentError(f"screen/{path.name} is not the file that encoder.toml names; check it out anew.")
    with np.load(io.BytesIO(raw), allow_pickle=False) as data:
        return unpack(data)


def unpack(data: Mapping[str, Any]) -> Encoder:
    """The model from its arrays: matrices as [layer, out, in] in a byte each with a scale a row, all else as it is."""

    def linear(name: str, layer: int) -> Linear:
        weights = data[name][layer].astype(np.float32) * data[f"{name}_scale"][layer][:, None]
        return Linear(np.ascontiguousarray(weights.T), data[f"{name}_bias"][layer])

    whole = {name: data[name] for name in data}
    data = whole  # an archive reads an array anew each time it is asked for
    norms = data["norms"]
    layers = tuple(
        Layer(
            linear("look", at),
            linear("gather", at),
            Norm(*norms[at, :2]),
            linear("widen", at),
            linear("narrow", at),
            Norm(*norms[at, 2:]),
        )
        for at in range(len(norms))
    )
    return Encoder(
        Pieces.of(bytes(data["pieces"]).decode().split("\n"), data["likely"].tolist()),
        data["words"],
        data["words_scale"],
        data["places"],
        Norm(*data["begin"]),
        layers,
        int(data["heads"]),
        Linear(data["attend"], data["attend_bias"]),
        Linear(data["judge"], data["judge_bias"]),
    )


def _at_once(rows: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """Texts that are read side by side: as many as a processor's own memory holds the sums of."""
    some: list[list[int]] = []
    for each in rows:
        if some and sum(map(len, some)) + len(each) > AT_ONCE:
            yield some
            some = []
        some.append(each)
    if some:
        yield some


def _seen(looked: Floats, heads: int) -> Floats:
    """What each word of one text sees of all its words."""
    words, three_sizes = looked.shape
    size = three_sizes // 3
    query, key, value = looked.reshape(words, 3, heads, size // heads).transpose(1, 2, 0, 3)
    attention = _softmax(query @ key.transpose(0, 2, 1) * np.float32(1 / sqrt(size // heads)))
    seen: Floats = (attention @ value).transpose(1, 0, 2).reshape(words, size)
    return seen


def _softmax(x: Floats) -> Floats:
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Floats = x / x.sum(axis=-1, keepdims=True)
    return shares


def _gelu(x: Floats) -> Floats:
    """x times how much of a normal distribution lies below it; the error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26)."""
    size = np.abs(x) * np.float32(sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * np.float32(1.061405429)))))
    above = series * np.exp(-size * size)  # twice the share of it above |x|
    whole: Floats = np.where(x < 0, x * above / 2, x * (1 - above / 2))
    return whole
