"""Text as people type it -> plain words with their place in the original. Nothing here judges; it only spells.

Letters are folded (NFKD, look-alikes, no accents, no invisible marks), then words are cut, then each word is brought to a form the
frames know: contractions and slang written out, leet, stretched and spaced letters, words run together, and one slip of the
finger towards a short list of words that matter. The lists are reviewed data: `content/screen/spelling.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from safety.letters import fold
from safety.numbers import count_twos, quantity, weigh
from safety.pattern import END, QUESTION
from safety.slips import Anchors
from safety.words import Pen, Words

MOST_GUESSES = 4_096
LONGEST_WORD = 64  # letters; what is longer is no word
_SPLIT = re.compile(
    r"(?P<plain>[a-z]{2,}(?=[ ,\n]|\Z))"
    r"|(?P<spelled>(?<![^\W_])[a-z0-9@$!](?:[ .\-_*~/|]{1,3}[a-z0-9@$!](?![a-z0-9'@$])){2,}(?:(?<=\.[a-z0-9])\.)?)"
    r"|(?P<number>[0-9]{1,3}(?:,[0-9]{3})+)"
    r"|(?P<word>[a-z0-9@$#+](?:[a-z0-9]|['@$!|*+_/\-.](?=[a-z0-9]))*)"
    r"|(?P<pause>\.{2,}|[,():–—-]+)"
    r"|(?P<end>[.!;\u3002]+)|(?P<ask>[?]+)|(?P<quote>\")"
    r"|(?P<other>[^\s\x00-\x7f])"
)
_SPELLED = r"(?<![^\W_])[a-z0-9@$!](?:[ .\-_*~/|]{1,3}[a-z0-9@$!](?![a-z0-9'@$])){2,}(?:(?<=\.[a-z0-9])\.)?"
_CHUNK = re.compile(_SPELLED + r"|[(\[\"*]+|[^\s(\[\"*]+")
_HINT = re.compile(r"[ .\-_*~/|][a-z0-9@$!][ .\-_*~/|]{1,3}[a-z0-9@$!](?![a-z0-9'@$])")  # the second and third of three single letters
_BETWEEN = " .-_*~/|"  # what may stand between single letters
_MARKS = {",": ",", ".": END, "!": END, ";": END, "?": QUESTION}
_LINE = re.compile(r"[\n\r\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True)
class Speller:
    """The spelling lists, and the words the frames know. `direct`: what a word that needs no guessing stands for."""

    known: frozenset[str]
    rewrites: Mapping[str, tuple[str, ...]]
    leet: tuple[Mapping[int, str], ...]
    lookalikes: Mapping[str, str]
    emoji: Mapping[str, str]
    joinable: frozenset[str]
    cores: tuple[str, ...]
    anchors: Anchors
    doses: Mapping[str, tuple[int, int]]
    two: tuple[frozenset[str], frozenset[str]]  # the words behind which, and before which, "2" is a number
    direct: Mapping[str, tuple[str, ...]]
    guessed: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)  # single words met before, in this process only

    def read(self, text: str) -> Words:
        """The words of `text` in order, in time linear in its length; never raises for any `str`."""
        folded, places = fold(text, self.lookalikes)
        out, pen = Words(), Pen()
        at = 0
        while (hint := _HINT.search(folded, at)) is not None:  # perhaps a word in single letters, which the spaces inside it must not cut
            start = _before(folded, hint.start(), at)
            if start > at:
                self._plain(folded[at : start - 1], at, places, out, pen)
            at = self._chunks(folded, start, hint.end(), places, out, pen)
        self._plain(folded[at:], at, places, out, pen)
        if pen.quoted:  # what is never closed is no quotation
            out.quoted -= set(range(pen.opened, len(out.words)))
        if not self.doses.keys().isdisjoint(out.words):
            weigh(self.doses, text, out)
        if "2" in folded:
            count_twos(self.two, self.rewrites.get("2"), text, out)
        return out

    def _plain(self, folded: str, base: int, places: list[int] | None, out: Words, pen: Pen) -> None:
        """Appends the words of a stretch of text that begins at `base`, and that no word in single letters stands in."""
        direct, guessed = self.direct.get, self.guessed.get
        words, starts, ends = out.words, out.starts, out.ends
        end = base - 1
        for raw in folded.split(" "):  # most of what is written is a known word, bare or with a mark behind it
            start = end + 1
            end = last = start + len(raw)
            mark, known = "", direct(raw) or guessed(raw)
            if known is None and raw[-1:] in _MARKS:
                mark, last, known = raw[-1], end - 1, direct(raw[:-1]) or guessed(raw[:-1])
            if known is None or pen.quoted:
                if raw and not self._known(raw, start, places, out, pen):
                    self._chunks(raw, 0, len(raw), places, out, pen, start)
                continue
            if pen.paused:
                out.pause(pen)
            first, behind = (start, last) if places is None else (places[start], places[last - 1] + 1)
            for word in known:
                words.append(word)
                starts.append(first)
                ends.append(behind)
            if mark == ",":
                pen.paused = True
            elif mark:
                at = last if places is None else places[last]
                words.append(_MARKS[mark])
                starts.append(at)
                ends.append(at + 1)

    def _chunks(self, folded: str, at: int, least: int, places: list[int] | None, out: Words, pen: Pen, base: int = 0) -> int:
        """Appends the words from `at` on, up to the first space at or after `least`; returns the place behind that. The text begins at
        `base` of the whole."""
        length, behind = len(folded), at
        for found in _CHUNK.finditer(folded, at):
            start, end = found.span()
            if start > behind and _LINE.search(folded, behind, start):
                pen.line()
            behind = end
            if not self._known(found.group(), start + base, places, out, pen):
                self._cut(found.group(), start + base, places, out, pen)
            if end >= least and folded[end : end + 1] == " ":
                return end + 1
        if _LINE.search(folded, behind):
            pen.line()
        return length

    def _known(self, raw: str, first: int, places: list[int] | None, out: Words, pen: Pen) -> bool:
        """Appends a known word, bare or with one mark behind it; False for anything else."""
        words, mark, last = self.direct.get(raw) or self.guessed.get(raw), "", first + len(raw)
        if words is None:
            mark, last = raw[-1], last - 1
            if mark in _MARKS:
                words = self.direct.get(raw[:-1]) or self.guessed.get(raw[:-1])
            if words is None:
                return False
        start, end = (first, last) if places is None else (places[first], places[last - 1] + 1)
        for word in words:
            out.add(word, start, end, pen)
        if mark == ",":
            pen.paused = True
        elif mark:
            at = last if places is None else places[last]
            out.add(_MARKS[mark], at, at + 1, pen)
            pen.quoted = pen.quoted and mark != "?"
        return True

    def _cut(self, folded: str, base: int, places: list[int] | None, out: Words, pen: Pen) -> None:
        """Appends the words of what is no known word with at most a mark behind it."""
        for found in _SPLIT.finditer(folded):
            kind = found.lastgroup
            if kind == "pause":
                pen.paused = True
                if found.group() == ":":
                    out.listed.add(len(out.words))
                continue
            if kind == "quote":
                pen.quoted, pen.paused, pen.opened = not pen.quoted, True, len(out.words)
                continue
            first, last = found.start() + base, found.end() + base
            start, end = (first, last) if places is None else (places[first], places[last - 1] + 1)
            raw = found.group()
            for word in self.direct.get(raw) or self._read(kind, raw):
                out.add(word, start, end, pen)
            if kind in ("end", "ask"):
                pen.quoted = pen.quoted and kind == "end"

    def _read(self, kind: str | None, raw: str) -> tuple[str, ...]:
        if kind in ("plain", "word"):
            words = self.guessed.get(raw)
            if words is None:
                words = self.spell(raw)
                if raw.replace("'", "").isalnum():  # then it is the same wherever it stands
                    if len(self.guessed) >= MOST_GUESSES:
                        self.guessed.clear()
                    self.guessed[raw] = words
            return words
        if kind == "number":
            return (quantity(raw.replace(",", "")),)
        if kind == "end":
            return (END,)
        if kind == "ask":
            return (QUESTION,)
        if kind == "spelled":
            return self._spelled(raw)
        name = self.emoji.get(raw)
        return (name,) if name else ()

    def spell(self, raw: str) -> tuple[str, ...]:
        """The words that one written word stands for; itself when nothing is known about it."""
        word = raw.rstrip("+_").lstrip("#")
        if "'" in word:
            if word in self.rewrites:
                return self.rewrites[word]
            plain = word.replace("'", "")
            if plain not in self.rewrites and word.endswith("'s") and (stem := word[:-2]) in self.known:
                return (stem,)
            word = plain
        if (read := self._look_up(word)) is not None:
            return read
        if word.isdecimal():
            return (quantity(word),)
        if len(word) > LONGEST_WORD:
            return (word[:LONGEST_WORD],)
        if not word.isalpha():
            return self._decode(word)
        return self._correct(word) or (word,)

    def _look_up(self, word: str) -> tuple[str, ...] | None:
        if word in self.rewrites:
            return self.rewrites[word]
        return (word,) if word in self.known else None

    def _correct(self, word: str) -> tuple[str, ...] | None:
        for shorter in _squeezed(word):
            if (read := self._look_up(shorter)) is not None:
                return read
        if near := self.anchors.nearest(word):
            return (near,)
        return self._unjoin(word)

    def _decode(self, word: str) -> tuple[str, ...]:
        """Leet and masked letters; otherwise the parts that the signs separate ("and/or", "50mg")."""
        if any(letter.isalpha() for letter in word):
            for table in self.leet:
                candidate = word.translate(table)
                if candidate.isalpha() and (read := self._look_up(candidate) or self._correct(candidate)) is not None:
                    return read
        out: list[str] = []
        for part, mark in re.findall(r"([a-z]+(?:'[a-z]+)*|[0-9]+)([^a-z0-9]*)", word):
            out += self._look_up(part) or ((quantity(part),) if part.isdecimal() else (part,))
            if mark in (".", "!") and self._ends_with(part):
                out.append(END)
        return tuple(out[:-1] if out[-1:] == [END] else out)

    def _ends_with(self, part: str) -> bool:
        """Whether a full stop with no space behind it ends a sentence ("ok.i want"), and is not of an abbreviation or an address."""
        return len(part) > 1 and part.isalpha() and self._look_up(part) is not None

    def _spelled(self, raw: str) -> tuple[str, ...]:
        """ "k i l l m y s e l f": the single letters as words if they make any, else as they stand."""
        letters = re.sub(r"[^a-z0-9@$!]", "", raw)
        for table in ({}, *self.leet):
            candidate = letters.translate(table)
            if candidate.isalpha() and (read := self._look_up(candidate) or self._unjoin(candidate)) is not None:
                return read
        return tuple(self._pick(letters.translate(self.leet[0])))

    def _pick(self, letters: str) -> Iterator[str]:
        """The joinable words that stand inside a row of letters; the other letters as they are."""
        at = 0
        while at < len(letters):
            size = next((size for size in range(9, 2, -1) if letters[at : at + size] in self.joinable), 1)
            yield letters[at : at + size]
            at += size

    def _unjoin(self, word: str) -> tuple[str, ...] | None:
        """ "wanttodie" -> want to die: only when every part is one of the few joinable words."""
        if len(word) < 5 or not any(core in word for core in self.cores):
            return None
        best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - 9), end):
                before = best[start]
                if before is not None and word[start:end] in self.joinable:
                    best[end] = (*before, word[start:end])
                    break
        parts = best[-1]
        if not parts or len(parts) < 2:
            return None
        return tuple(out for part in parts for out in (self.rewrites.get(part) or (part,)))


def _before(folded: str, hint: int, least: int) -> int:
    """Where what a word in single letters may be part of begins: behind the last space before its first letter."""
    while hint > least and folded[hint - 1] in _BETWEEN:
        hint -= 1
    return max(folded.rfind(" ", least, hint) + 1, least)


def _squeezed(word: str) -> Iterator[str]:
    """ "dieeee" -> "diee", "die": stretched letters shortened to two, then to one."""
    if re.search(r"(.)\1\1", word):
        yield re.sub(r"(.)\1{2,}", r"\1\1", word)
        yield re.sub(r"(.)\1{2,}", r"\1", word)
    if re.search(r"(.)\1", word):
        yield re.sub(r"(.)\1+", r"\1", word)
