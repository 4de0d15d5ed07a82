"""Pairs of `benchmarks.judge_pairs` go in, the LoRA adapter `qa/models/judge.gguf` comes out.

Low-rank adaptation (Hu et al. 2021, https://arxiv.org/abs/2106.09685) of the last layers of the embedded
model, trained to say Yes or No to ``prompts/judge.md``. The weights are those of the GGUF file that is used,
taken out of their 4 bits: what the adapter learns to correct is the model that will run. The layers under it
are run once, and what they give is kept for every epoch; the beginning that all prompts share is run once a
batch. Two cores take .3 s a pair for that, and .35 s an epoch. Needs ``torch`` and ``gguf``, which nothing
else here does.

    pip install torch gguf && python -m benchmarks.judge_train --pairs pairs.jsonl --out qa/models/judge.gguf
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import httpx
import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.judge_pairs import HELD_OUT
from qa import prompts
from qa.models import weights
from qa.models.llama import LlamaServer
from qa.settings import ChatSettings

BF16 = torch.bfloat16
LAYERS, HEADS, KV_HEADS, HEAD = 28, 12, 2, 128
EPSILON, THETA = 1e-6, 1e6
"""Qwen2 1.5B."""
PARTS = {"q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output"}
PARTS |= {"gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down"}
YES, NO = 9454, 2753
RANK, FROZEN, BATCH, LONGEST = 8, 20, 16, 200
WARM_UP = 15

Tensor = torch.Tensor


class Packed(torch.autograd.Function):
    """``x @ weight.T`` with the weight laid out once for the processor, there and back; a third faster."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, there: Tensor, back: Tensor | None) -> Tensor:
        """Shape (..., in) to (..., out)."""
        ctx.back = back
        return _pointwise(x, there)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """Shape (..., out) to (..., in); nothing for the weights."""
        return _pointwise(grads[0].contiguous(), ctx.back), None, None


class Linear(torch.nn.Module):
    """A frozen linear map and, with ``rank``, what is learned beside it."""

    def __init__(self, weight: Tensor, bias: Tensor | None, rank: int) -> None:
        super().__init__()
        self.there = _packed(weight)
        self.back = _packed(weight.t()) if rank else None
        self.bias = None if bias is None else bias.to(BF16)
        if rank:
            self.a = torch.nn.Parameter(torch.randn(rank, weight.shape[1]) / math.sqrt(weight.shape[1]))
            self.b = torch.nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.rank = rank

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., in) to (..., out)."""
        y = Packed.apply(x.contiguous(), self.there, self.back)
        y = y if self.bias is None else y + self.bias
        return y + F.linear(F.linear(x, self.a.to(BF16)), self.b.to(BF16)) if self.rank else y


class Layer(torch.nn.Module):
    """One Qwen2 layer over a shared beginning, shape (1, p, hidden), and a batch, shape (b, t, hidden)."""

    def __init__(self, read: Weights, index: int, rank: int = 0) -> None:
        super().__init__()
        self.index = index
        for part, name in PARTS.items():
            bias = read(f"blk.{index}.{name}.bias") if part in "qkv" else None
            setattr(self, part, Linear(read(f"blk.{index}.{name}.weight"), bias, rank))
        self.norm, self.ffn_norm = (read(f"blk.{index}.{n}_norm.weight") for n in ("attn", "ffn"))

    def forward(self, shared: Tensor, x: Tensor, last: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Both, one layer on; only each row's token ``last`` where that is given: shape (b, 1, hidden)."""
        p, (b, t, _) = shared.shape[1], x.shape
        sq, sk, sv = self._attended(shared, torch.arange(p)[None])
        places = torch.arange(p, p + t)[None]
        _, k, v = self._attended(x, places)
        k, v = torch.cat([sk.expand(b, -1, -1, -1), k], 2), torch.cat([sv.expand(b, -1, -1, -1), v], 2)
        if last is not None:
            x, places = x[torch.arange(b), last][:, None], (p + last)[:, None]
        q = _turned(_heads(self.q(_normed(x, self.norm)), HEADS), places)
        seen = (torch.arange(p + t) <= places[..., None])[:, None]
        if last is None:
            shared = self._rest(shared, _attention(sq, sk, sv, None))
        return shared, self._rest(x, _attention(q, k, v, seen))

    def _attended(self, x: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = _normed(x, self.norm)
        q, k = _turned(_heads(self.q(h), HEADS), places), _turned(_heads(self.k(h), KV_HEADS), places)
        return q, k, _heads(self.v(h), KV_HEADS)

    def _rest(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.o(attended.transpose(1, 2).reshape(*x.shape))
        h = _normed(x, self.ffn_norm)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Weights:
    """The tensors of a GGUF file, in full precision."""

    def __init__(self, path: Path) -> None:
        self._tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}

    def __call__(self, name: str) -> Tensor:
        """One tensor, by its name in the file."""
        found = self._tensors[name]
        return torch.from_numpy(np.asarray(gguf.dequantize(found.data, found.tensor_type), np.float32).copy())


@dataclass(frozen=True)
class Example:
    """A prompt's tokens after the beginning that all share, and the answer."""

    tokens: Sequence[int]
    stated: bool


@dataclass(frozen=True)
class Batch:
    """What the frozen layers make of some examples: shape (b, t, hidden); their last tokens and answers."""

    states: Tensor
    last: Tensor
    stated: Tensor


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, help="pairs to learn from; default: all")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=5e-4, help="of learning, at its highest")
    parser.add_argument("--start", type=Path, help="an adapter to learn on from; default: from nothing")
    given = parser.parse_args()
    torch.manual_seed(0)
    read = Weights(weights.locate(""))
    beginning, held_out, learned = _examples(given.pairs, given.count)
    embedding = read("token_embd.weight")
    shared, batches = _frozen(read, embedding.to(BF16), beginning, [held_out, learned])
    judge = Judge(read, embedding[YES] - embedding[NO])
    if given.start:
        _start(judge, Weights(given.start))
        print(f"start: held out {_measured(judge, shared, batches[0])}", flush=True)
    began = time.monotonic()
    for epoch, loss in enumerate(_learn(judge, shared, batches[1], given.epochs, given.rate), 1):
        report = f"loss {loss:.3f}, held out {_measured(judge, shared, batches[0])}"
        print(f"epoch {epoch}: {report}, {time.monotonic() - began:.0f} s", flush=True)
        _write(judge, given.out)


class Judge(torch.nn.Module):
    """The layers that learn, and the odds of Yes at the end."""

    def __init__(self, read: Weights, yes: Tensor) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(Layer(read, index, RANK) for index in range(FROZEN, LAYERS))
        self.norm, self.yes = read("output_norm.weight"), yes

    def forward(self, shared: Tensor, batch: Batch) -> Tensor:
        """Log odds of Yes; shape (b,)."""
        x = batch.states
        for layer in self.layers[:-1]:
            shared, x = layer(shared, x)
        _, x = self.layers[-1](shared, x, batch.last)
        return _normed(x[:, 0], self.norm).float() @ self.yes


def _start(judge: Judge, adapter: Weights) -> None:
    with torch.no_grad():
        for name, factor in _factors(judge):
            factor.copy_(adapter(name))


def _factors(judge: Judge) -> Iterator[tuple[str, Tensor]]:
    """What is learned, by llama.cpp's names."""
    for layer in judge.layers:
        for part, name in PARTS.items():
            for letter in "ab":
                factor = getattr(getattr(layer, part), letter)
                yield f"blk.{layer.index}.{name}.weight.lora_{letter}", factor


def _learn(
    judge: Judge, shared: Tensor, batches: Sequence[Batch], epochs: int, rate: float
) -> Iterator[float]:
    """The mean loss of each epoch, once it is done. The rate falls to nothing over all of them."""
    learned = [parameter for parameter in judge.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=rate, weight_decay=0.01, betas=(0.9, 0.99))
    steps = epochs * len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / WARM_UP) * max(0.02, 1 - step / steps)
    )
    for epoch in range(epochs):
        total = 0.0
        for batch in random.Random(epoch).sample(batches, len(batches)):
            loss = F.binary_cross_entropy_with_logits(judge(shared, batch), batch.stated)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            total += loss.item()
        yield total / len(batches)


@torch.no_grad()
def _measured(judge: Judge, shared: Tensor, batches: Sequence[Batch]) -> str:
    odds = torch.cat([judge(shared, batch) for batch in batches])
    stated = torch.cat([batch.stated for batch in batches])
    loss = F.binary_cross_entropy_with_logits(odds, stated)
    above = (odds[stated > 0][:, None] > odds[stated == 0][None]).float().mean()
    return f"loss {loss:.3f}, AUC {above:.3f}"


@torch.no_grad()
def _frozen(
    read: Weights, embedding: Tensor, beginning: Sequence[int], sets: Sequence[Sequence[Example]]
) -> tuple[Tensor, list[list[Batch]]]:
    """What the layers that do not learn make of the beginning and of every set of examples."""
    layers = [Layer(read, index) for index in range(FROZEN)]
    made = []
    for examples in sets:
        made.append([])
        for batch in _batches(examples):
            last = torch.tensor([len(example.tokens) - 1 for example in batch])
            padded = torch.zeros(len(batch), int(last.max()) + 1, dtype=torch.long)
            for row, example in zip(padded, batch, strict=True):
                row[: len(example.tokens)] = torch.tensor(example.tokens)
            shared, x = embedding[torch.tensor(beginning)][None], embedding[padded]
            for layer in layers:
                shared, x = layer(shared, x)
            made[-1].append(Batch(x, last, torch.tensor([float(example.stated) for example in batch])))
    return shared, made


def _batches(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    """Of about one length, so that little is padded."""
    ordered = sorted(examples, key=lambda example: len(example.tokens))
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))


def _examples(path: Path, count: int | None) -> tuple[Sequence[int], list[Example], list[Example]]:
    """The tokens that all prompts begin with; what is held out and what is learned from, in random order."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    random.Random(12).shuffle(rows)
    tokens = _tokens(rows)
    common = next(place for place, column in enumerate(zip(*tokens, strict=False)) if len(set(column)) > 1)
    kept: list[Example] = []
    learned: list[Example] = []
    for row, of in zip(rows, tokens, strict=True):
        if len(of) <= LONGEST:
            (kept if row["set"] == HELD_OUT else learned).append(Example(of[common:], row["stated"]))
    return tokens[0][:common], kept, learned[:count]


def _tokens(rows: Sequence[dict[str, Any]]) -> list[list[int]]:
    """The prompt of each pair as llama.cpp cuts it."""
    judge = prompts.load("judge")
    with LlamaServer(weights.locate(""), ChatSettings(context_tokens=1024)) as server:
        url = server.base_url.removesuffix("/v1")
        with httpx.Client(headers={"Authorization": f"Bearer {server.api_key}"}, timeout=60) as client:

            def cut(row: dict[str, Any]) -> list[int]:
                parts = judge.messages(**{name: row[name] for name in ("title", "sentence", "question")})
                messages = [{"role": role, "content": text} for role, text in parts]
                prompt = client.post(f"{url}/apply-template", json={"messages": messages}).json()["prompt"]
                body = {"content": prompt, "add_special": False, "parse_special": True}
                tokens: list[int] = client.post(f"{url}/tokenize", json=body).json()["tokens"]
                return tokens

            return [cut(row) for row in rows]


def _write(judge: Judge, path: Path) -> None:
    """The adapter in llama.cpp's form."""
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(RANK))
    for name, factor in _factors(judge):
        writer.add_tensor(name, factor.detach().numpy().astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _packed(weight: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.to(BF16).contiguous())
    return packed


def _pointwise(x: Tensor, packed: Tensor) -> Tensor:
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")
    return y


def _heads(x: Tensor, count: int) -> Tensor:
    return x.view(x.shape[0], x.shape[1], count, HEAD).transpose(1, 2)


def _normed(x: Tensor, weight: Tensor) -> Tensor:
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPSILON) * weight).to(BF16)


def _turned(x: Tensor, places: Tensor) -> Tensor:
    """Rotary positions: shape (b, heads, t, head), places (b or 1, t)."""
    angles = places.float()[..., None] / THETA ** (torch.arange(0, HEAD, 2).float() / HEAD)
    angles = torch.cat([angles, angles], -1)[:, None]
    first, second = x[..., : HEAD // 2], x[..., HEAD // 2 :]
    return x * angles.cos().to(BF16) + torch.cat([-second, first], -1) * angles.sin().to(BF16)


def _attention(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None) -> Tensor:
    """Grouped attention; ``seen`` of shape (b or 1, 1, queries, keys), None for a causal mask."""
    k, v = (x.repeat_interleave(HEADS // KV_HEADS, 1) for x in (k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=seen is None)


if __name__ == "__main__":
    main()
