"""What docs/screen.md says of the screen is what the screen does."""

from __future__ import annotations

from bench.screen_page import DOCS, blocks, filled


def test_the_pages_say_what_the_screen_does_today() -> None:
    made = blocks()
    for name in ("screen.md", "screen-misses.md"):
        page = (DOCS / name).read_text(encoding="utf-8")
        assert filled(page, made) == page, f"docs/{name} is old: run python -m bench.screen_page"


def test_every_table_has_its_place_on_a_page() -> None:
    text = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("screen.md", "screen-misses.md"))
    assert filled(text, dict.fromkeys(("bar", "plain", "blind", "ordinary", "aside", "misses"), "made")).count("-->\nmade\n<!--") == 6
