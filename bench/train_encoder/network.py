"""The network as it is taught: the same as `safety/encoder.py` runs, in torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.train_encoder.base import Base

LEVELS = 3  # it is asked whether a message is at least a concern, at least high, imminent; the first two are kept
DROPPED = 0.1
PLACES = 160


class Layer(nn.Module):
    def __init__(self, base: Base, at: int) -> None:
        super().__init__()
        size = base.size
        self.heads = base.heads
        self.look, self.gather = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)
        self.after_looking, self.after_thinking = nn.LayerNorm(size, 1e-12), nn.LayerNorm(size, 1e-12)
        begun = {
            self.gather: "ao",
            self.widen: "fi",
            self.narrow: "fo",
            self.after_looking: "aln",
            self.after_thinking: "oln",
        }
        with torch.no_grad():
            for part, kind in ((self.look.weight, "w"), (self.look.bias, "b")):
                part.copy_(torch.cat([torch.from_numpy(base.tensors[f"l{at}.{one}.{kind}"]) for one in "qkv"]).view_as(part))
            for module, name in begun.items():
                for part, kind in ((module.weight, "w"), (module.bias, "b")):
                    part.copy_(torch.from_numpy(base.tensors[f"l{at}.{name}.{kind}"]).view_as(part))

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        texts, words, size = x.shape
        query, key, value = self.look(x).view(texts, words, 3, self.heads, size // self.heads).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=there[:, None, None, :])
        seen = self.gather(seen.transpose(1, 2).reshape(texts, words, size))
        x = self.after_looking(x + functional.dropout(seen, DROPPED, self.training))
        thought = self.narrow(functional.gelu(self.widen(x)))
        return self.after_thinking(x + functional.dropout(thought, DROPPED, self.training))


class Network(nn.Module):
    """`words`: the rows of the vocabulary that is kept, in order; the first is for what is not there."""

    def __init__(self, base: Base, words: Tensor) -> None:
        super().__init__()
        tensors = {name: torch.from_numpy(base.tensors[name]) for name in ("emb.pos", "emb.type", "emb.ln.w", "emb.ln.b")}
        self.words = nn.Embedding.from_pretrained(words, freeze=True)
        self.places = nn.Parameter((tensors["emb.pos"].view(-1, base.size) + tensors["emb.type"][: base.size])[:PLACES].clone())
        self.begin = nn.LayerNorm(base.size, 1e-12)
        self.begin.load_state_dict({"weight": tensors["emb.ln.w"], "bias": tensors["emb.ln.b"]})
        self.layers = nn.ModuleList(Layer(base, at) for at in range(base.layers))
        self.attend, self.judge = nn.Linear(base.size, 1), nn.Linear(2 * base.size, LEVELS)
        for part in (self.attend.weight, self.attend.bias, self.judge.bias):
            nn.init.zeros_(part)
        nn.init.normal_(self.judge.weight, 0, 0.02)

    def lower(self, rows: Tensor, layers: int) -> Tensor:
        """What the first layers make of texts; these are not taught, so it is worked out once."""
        x = self.begin(self.words(rows) + self.places[: rows.shape[1]])
        for layer in self.layers[:layers]:
            x = layer(x, rows != 0)
        return x

    def upper(self, x: Tensor, there: Tensor, layers: int) -> Tensor:
        """From there on: log-odds of each level."""
        for layer in self.layers[layers:]:
            x = layer(x, there)
        attention = self.attend(x).squeeze(-1).masked_fill(~there, -1e9).softmax(1)
        mean = (x * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        return self.judge(functional.dropout(torch.cat([mean, (x * attention[..., None]).sum(1)], 1), DROPPED, self.training))
