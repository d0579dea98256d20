"""`content/screen/learned.toml`, as `safety.learned.load_learned` reads it."""

from __future__ import annotations

import base64
import zlib
from array import array
from collections.abc import Iterable

from bench.train_screen.tables import SEED
from content.library import ROOT, read_toml
from safety.encoder import Encoder
from safety.learned import MASK, Learned, Limits, Table, Trust, Worth, load_learned

OUT = ROOT / "screen" / "learned.toml"
HEAD = """# Weights of the screen's second stage, made by python -m bench.train_screen; not written by hand.

[meta]
source = "{source}"
review = "pending"
"""


def make_room(encoder: Encoder) -> None:
    """The rules load only with tables of the size that is set; of others nothing is left to begin from."""
    try:
        load_learned(read_toml(OUT), {"classes": {}}, encoder)
    except (OSError, KeyError, TypeError, ValueError):
        empty = Table(array("b", bytes(MASK + 1)), 1.0, 0.0)
        nothing = Worth(0.0, 0.0)
        unlearned = Learned(empty, empty, encoder, nothing, nothing, Limits(*[1.0] * 6), Trust(*[frozenset()] * 3), {})
        write(unlearned, "Nothing learned yet.")


def write(learned: Learned, source: str) -> None:
    tables = "".join(_table(name, table) for name, table in (("asking", learned.asking), ("paging", learned.paging)))
    limits = "".join(f"{name} = {value!r}\n" for name, value in learned.limits._asdict().items())
    kinds = {"danger": learned.of_danger, "gravity": learned.of_gravity}
    worth = "".join(f"{name} = {{ tables = {each.tables!r}, encoder = {each.encoder!r} }}\n" for name, each in kinds.items())
    rules = "".join(f"{name} = [\n{_names(each)}]\n" for name, each in learned.trust._asdict().items())
    OUT.write_text(
        HEAD.format(source=source)
        + "\n# From which scores on it asks and pages: where no rule spoke, or one that asks, pages, or is nearly always right in that.\n"
        + f"[limits]\n{limits}\n"
        + "# How much what the tables and the encoder say counts in what they say together.\n"
        + f"[worth]\n{worth}\n"
        + "# Rules that page, and that ask, however the words around them read; and those that are nearly always right to page.\n"
        + f"[rules]\n{rules}{tables}",
        encoding="utf-8",
    )


def _table(name: str, table: Table) -> str:
    text = base64.b85encode(zlib.compress(table.weights.tobytes(), 9)).decode()
    lines = "\n".join(text[at : at + 120] for at in range(0, len(text), 120))
    return f"\n[{name}]\nseed = {SEED}\nscale = {table.scale!r}\nbias = {table.bias!r}\nweights = '''\n{lines}\n'''\n"


def _names(rules: Iterable[str]) -> str:
    return "".join(f'    "{rule}",\n' for rule in sorted(rules))
