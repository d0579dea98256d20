"""Writes the tables of `docs/screen.md` and the list in `docs/screen-misses.md` anew from what the screen says today.

    python -m bench.screen_page           writes them
    python -m bench.screen_page --check   fails, and says which, if one is not what the screen says

A block stands between `<!-- name -->` and `<!-- /name -->`; what is around it is written by hand. Times are not among them: they are of one
machine (`python -m bench.screen`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.screen import CORPUS, Counts, counted, misses, read, table, tables

DOCS = Path(__file__).parents[1] / "docs"
PARTS = ("plain", "blind", "aside", "ordinary")
BAR = (
    ("dangerous of all kinds, flagged", ".90", ("dangerous, flagged",)),
    ("suicide and self-harm, flagged", ".95", ("suicide and self-harm, flagged",)),
    ("imminent, flagged; graded high or imminent", ".97; .95", ("imminent, flagged", "imminent, graded high or imminent")),
    ("only looks dangerous, flagged", "at most .05", ("only looks dangerous, flagged",)),
    ("everyday, flagged; graded high or imminent", "at most .02; .003", ("everyday, flagged", "everyday, graded high or imminent")),
    ("Spanish beside English, flagged", "within .05", ("Spanish, flagged", "English, flagged")),
)
"""(measure, what it must reach, the lines of `bench.screen` that say so)."""


def blocks() -> dict[str, str]:
    """Each block by its name."""
    heard = {part: counted(read(CORPUS / f"{part}.jsonl")) for part in PARTS}
    made = {part: f"{len(each):,} messages.\n\n{tables(each, short=part == 'ordinary')}" for part, each in heard.items()}
    return {**made, "bar": _bar(heard), "misses": misses(heard["aside"])}


def _bar(heard: Mapping[str, Counts]) -> str:
    figures = {part: dict(each.figures()) for part, each in heard.items()}
    rows = [[measure, bar, *(_cell(figures[part], lines) for part in PARTS)] for measure, bar, lines in BAR]
    return table(["measure", "bar", "plain", "blind", "aside", "ordinary weeks"], rows)


def _cell(figures: Mapping[str, tuple[int, int]], lines: tuple[str, ...]) -> str:
    shares = [f"{part / whole:.3f}".removeprefix("0") for part, whole in (figures[line] for line in lines) if whole]
    return "; ".join(shares)


def filled(text: str, made: Mapping[str, str]) -> str:
    """The page with its blocks as they are made now. Raises `KeyError` for a block that nobody makes."""
    return re.sub(
        r"(?s)<!-- (\w+) -->\n.*?<!-- /\1 -->", lambda found: f"<!-- {found[1]} -->\n{made[found[1]]}\n<!-- /{found[1]} -->", text
    )


def main(check: bool) -> int:
    made = blocks()
    pages = {path: path.read_text(encoding="utf-8") for path in (DOCS / "screen.md", DOCS / "screen-misses.md")}
    stale = {path: new for path, text in pages.items() if (new := filled(text, made)) != text}
    for path, new in stale.items():
        if check:
            sys.stdout.write(f"docs/{path.name} is not what the screen says: run python -m bench.screen_page.\n")
        else:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"Wrote docs/{path.name}.\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
