"""`python -m bench.train_encoder`: the messages, the model to begin from, the teaching, the file."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from os import cpu_count

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.screen import CORPUS, TRAINING, read
from bench.train_encoder.base import load_base
from bench.train_encoder.beside import SECOND, THIRD, beside
from bench.train_encoder.lesson import SEED, Taught, chosen, hard_for_the_tables, vocabulary
from bench.train_encoder.network import LEVELS, Network
from bench.train_encoder.write import write
from bench.train_screen.messages import load_messages
from safety.heard import Level

KEPT_AS_THEY_ARE = 6  # layers, from below: what they make of a message is worked out once
ROUNDS = 2
AT_ONCE = 2_048  # pieces, the filling included, that one step learns from
SORTED = 6_000  # messages among which those of a length are put together
SPEED, ABOVE = 2e-4, 5  # how far a step goes in the layers, and how many times as far in what judges above them
FINER = 0.5, 0.4  # of that, how far in the second and the third lesson
URGENT = {Level.HIGH: 0.8, Level.IMMINENT: 1.5}
"""How much such a message counts in the third lesson for whether it is at least high: who cannot wait is to be told from the others."""
WARM = 100  # steps until it goes at full speed, which then falls to nothing
Batch = Sequence[int]


def main() -> None:
    torch.set_num_threads(cpu_count() or 1)
    torch.manual_seed(SEED)
    rows = [row for part in TRAINING for row in read(CORPUS / f"{part}.jsonl")]
    messages, base = load_messages(), load_base()
    pieces, taken = vocabulary(base, [row["text"] for row in rows])
    words = torch.from_numpy(base.tensors["emb.word"]).view(-1, base.size)[taken].clone()
    words[0] = 0
    network = Network(base, words)
    hard = hard_for_the_tables(messages)
    teach(network, chosen(messages, pieces, hard), ROUNDS, SPEED)
    second, third = (beside(counts, messages, rows, pieces, hard) for counts in (SECOND, THIRD))
    teach(network, second, 1, SPEED * FINER[0])
    before = copy.deepcopy(network.state_dict())
    teach(network, third, 1, SPEED * FINER[1], URGENT)
    network.load_state_dict({name: (before[name] + part) / 2 for name, part in network.state_dict().items()})
    write(network, [base.pieces[row] for row in taken[-len(pieces.rows) :]], base.heads, messages.digest)


def teach(network: Network, taught: Taught, rounds: int, speed: float, urgent: Mapping[Level, float] | None = None) -> None:
    """The upper layers and what judges above them; the words and the lower layers stay as they came. speed: how far a step goes in the
    layers. urgent: how much a message of a level counts for whether it is at least high, where not 1."""
    for part in network.parameters():
        part.requires_grad = False
    upper = [part for layer in network.layers[KEPT_AS_THEY_ARE:] for part in layer.parameters()]
    above = [*network.attend.parameters(), *network.judge.parameters()]
    for part in (*upper, *above):
        part.requires_grad = True
    known = lower(network, taught)
    steps = [batch for turn in range(rounds) for batch in batches(taught, random.Random(SEED + turn))]
    rates = [{"params": upper, "lr": speed}, {"params": above, "lr": ABOVE * speed}]
    optimizer = torch.optim.AdamW(rates, weight_decay=0.01)
    pace = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / WARM) * max(0.0, 1 - step / len(steps)))
    level = torch.tensor(np.stack([taught.level > least for least in range(LEVELS)], axis=1).astype("float32"))
    weight = torch.tensor(taught.weight.astype("float32"))[:, None].repeat(1, LEVELS)
    for each, counts in (urgent or {}).items():
        weight[torch.from_numpy(taught.level == each), Level.HIGH - 1] *= counts
    network.train()
    for number, batch in enumerate(steps):
        said = network.upper(*filled([known[at].float() for at in batch]), KEPT_AS_THEY_ARE)
        wrong = functional.binary_cross_entropy_with_logits(said, level[batch], reduction="none")
        loss = (wrong * weight[batch]).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*upper, *above], 1.0)
        optimizer.step()
        pace.step()
        if number % 100 == 0:
            sys.stdout.write(f"step {number} of {len(steps)}, loss {loss.item():.3f}\n")
    network.eval()


@torch.no_grad()
def lower(network: Network, taught: Taught) -> list[Tensor]:
    """What the lower layers make of each message, in half precision: a few gigabytes."""
    network.eval()
    known: dict[int, Tensor] = {}
    for batch in batches(taught, None):
        rows = [torch.tensor(taught.rows[at]) for at in batch]
        made = network.lower(nn.utils.rnn.pad_sequence(rows, batch_first=True), KEPT_AS_THEY_ARE).half()
        known |= {at: one[: len(taught.rows[at])].clone() for at, one in zip(batch, made, strict=True)}
    return [known[at] for at in range(len(taught.rows))]


def filled(texts: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Texts side by side, filled up to the longest, and where there is something."""
    there = nn.utils.rnn.pad_sequence([torch.ones(len(text), dtype=torch.bool) for text in texts], batch_first=True)
    return nn.utils.rnn.pad_sequence(texts, batch_first=True), there


def batches(taught: Taught, rng: random.Random | None) -> list[Batch]:
    """All messages, those of like length together; in disorder if there is a rng."""
    order = list(range(len(taught.rows)))
    if rng:
        rng.shuffle(order)
    made = [batch for at in range(0, len(order), SORTED) for batch in _filled_up(taught, order[at : at + SORTED])]
    if rng:
        rng.shuffle(made)
    return made


def _filled_up(taught: Taught, some: Sequence[int]) -> Iterator[Batch]:
    batch: list[int] = []
    for at in sorted(some, key=lambda each: len(taught.rows[each])):
        if batch and (len(batch) + 1) * len(taught.rows[at]) > AT_ONCE:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


if __name__ == "__main__":
    main()
