"""Counts how often each word and each two neighbours stand in the training messages, and writes `content/screen/frequent.toml`.

    python -m bench.count_words

The screen looks for a pattern by its rarest part, so this changes how fast it is and nothing else. Run it again when the corpus has grown
a lot.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from itertools import pairwise

from bench.screen import CORPUS, TRAINING, read
from content.library import ROOT
from safety.rules import FREQUENT, load_rules

OUT = ROOT / "screen" / FREQUENT
OF = 100_000  # words
LEAST = 32  # of so many words; what is rarer counts as rare
A_LINE = 12
HEAD = '''# How many of {of} words of the training messages are this one, or these two neighbours: about, in powers of two. Patterns
# are looked for by their rarest part, so this changes how fast the screen is, and nothing else. Made by python -m bench.count_words;
# not written by hand.

[meta]
source = "Counted in our own made-up training messages ({messages} of them)."
review = "pending"
'''


def main() -> None:
    speller, counts, messages, words = load_rules().speller, Counter[str](), 0, 0
    for row in (row for part in TRAINING for row in read(CORPUS / f"{part}.jsonl")):
        said = speller.read(row["text"]).words
        messages, words = messages + 1, words + len(said)
        counts.update(said)
        counts.update(" ".join(two) for two in pairwise(said))
    rates: defaultdict[int, list[str]] = defaultdict(list)
    for key, count in counts.items():
        if (rate := 2 ** round(math.log2(count * OF / words))) >= LEAST:
            rates[rate].append(key)
    parts = [HEAD.format(of=OF, messages=messages)]
    for rate in sorted(rates, reverse=True):
        keys = [json.dumps(key) for key in sorted(rates[rate])]
        lines = "".join(f"  {', '.join(keys[at : at + A_LINE])},\n" for at in range(0, len(keys), A_LINE))
        parts.append(f"[[rate]]\nof = {rate}\nkeys = [\n{lines}]\n")
    OUT.write_text("\n".join(parts), encoding="utf-8")
    sys.stdout.write(f"Wrote {OUT.name}: {sum(map(len, rates.values()))} words and pairs.\n")


if __name__ == "__main__":
    main()
