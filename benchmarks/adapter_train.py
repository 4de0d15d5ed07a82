"""Prompts with the answers wanted go in, a LoRA adapter of the embedded model comes out.

Low-rank adaptation (Hu et al. 2021, https://arxiv.org/abs/2106.09685) of the model's last layers. The weights
are those of the GGUF file that is used, taken out of their 4 bits: what the adapter learns to correct is the
model that will run. Two steps, as the first needs llama.cpp, which cuts the prompts, and the second a GPU,
where it takes a minute or two; processors that multiply bfloat16 read 200 tokens a second:

    pip install torch gguf
    python -m benchmarks.adapter_train cut pairs.jsonl --out tokens.jsonl
    python -m benchmarks.adapter_train learn tokens.jsonl --weights MODEL.gguf --out judge.gguf --layers 18
    python -m benchmarks.adapter_train learn more.jsonl --weights MODEL.gguf --out new.gguf --layers 18 \
        --start judge.gguf --rate 3e-4 --tokens 1024 --batches 3

`cut` takes lines of ``messages`` with the ``answer`` wanted and the ``set`` they are of, as `judge_pairs` and
`rewriter_pairs` write them. Where the answer is Yes or No only the odds of these two are learned, so that not
all layers are needed, else every token of it. What prompts begin with alike, as a sentence that several
questions are asked about, is read once.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeAlias

import gguf
import numpy as np
import torch
import torch.nn.functional as F

FAST = torch.cuda.is_available() or torch.ops.mkldnn._is_mkldnn_bf16_supported()
DTYPE = torch.bfloat16 if FAST else torch.float32
"""What is multiplied in: processors that only imitate bfloat16 do it on one core, at a fifth of the speed."""
LAYERS, HEADS, KV_HEADS, HEAD = 28, 12, 2, 128
EPSILON, THETA = 1e-6, 1e6
"""Qwen2 1.5B."""
PARTS = {"q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output"}
PARTS |= {"gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down"}
YES, NO = 9454, 2753
END = "<|im_end|>"
LONGEST = 700
ALIKE = 0.5
"""Share of a prompt that it has with the one before to be read with it."""
WARM_UP = 30

Tensor = torch.Tensor


class Weights:
    """The tensors of a GGUF file, in full precision.

    Args:
        path: the file.
        device: where they go.
    """

    def __init__(self, path: Path, device: str) -> None:
        self._tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
        self._device = device

    def __call__(self, name: str) -> Tensor:
        """One tensor, by its name in the file."""
        found = self._tensors[name]
        wide = np.asarray(gguf.dequantize(found.data, found.tensor_type), np.float32)
        return torch.from_numpy(wide.copy()).to(self._device)


class Linear(torch.nn.Module):
    """A frozen linear map and, with ``rank``, what is learned beside it."""

    def __init__(self, weight: Tensor, bias: Tensor | None, rank: int) -> None:
        super().__init__()
        self.weight = weight.to(DTYPE)
        self.bias = None if bias is None else bias.to(DTYPE)
        self.rank = rank
        if rank:
            into, out = weight.shape[1], weight.shape[0]
            self.a = torch.nn.Parameter(torch.randn(rank, into, device=weight.device) / math.sqrt(into))
            self.b = torch.nn.Parameter(torch.zeros(out, rank, device=weight.device))

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., in) to (..., out)."""
        y = F.linear(x, self.weight, self.bias)
        return y + F.linear(F.linear(x, self.a.to(DTYPE)), self.b.to(DTYPE)) if self.rank else y


class Layer(torch.nn.Module):
    """One Qwen2 layer."""

    def __init__(self, read: Weights, index: int, rank: int = 0) -> None:
        super().__init__()
        self.index = index
        for part, name in PARTS.items():
            bias = read(f"blk.{index}.{name}.bias") if part in "qkv" else None
            setattr(self, part, Linear(read(f"blk.{index}.{name}.weight"), bias, rank))
        self.norm, self.ffn_norm = (read(f"blk.{index}.{n}_norm.weight") for n in ("attn", "ffn"))

    def forward(self, x: Tensor, places: Tensor, seen: Tensor) -> Tensor:
        """Shape (1, tokens, hidden) to the same.

        Args:
            x: as the layer before gave it.
            places: of the tokens in their prompts, shape (tokens,).
            seen: what is added to the attention that each token pays each, 0 or -inf, shape (tokens, tokens).
        """
        h = _normed(x, self.norm)
        q, k = _turned(_heads(self.q(h), HEADS), places), _turned(_heads(self.k(h), KV_HEADS), places)
        k, v = (part.repeat_interleave(HEADS // KV_HEADS, 1) for part in (k, _heads(self.v(h), KV_HEADS)))
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        x = x + self.o(attended.transpose(1, 2).reshape(*x.shape))
        h = _normed(x, self.ffn_norm)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


@dataclass(frozen=True)
class Example:
    """A prompt with its answer.

    Attributes:
        tokens: of both.
        start: where the answer begins.
        kind: the set it is of.
    """

    tokens: Sequence[int]
    start: int
    kind: str

    @property
    def judges(self) -> bool:
        """Whether the answer is one word, Yes or No."""
        return len(self.tokens) - self.start == 1 and self.tokens[-1] in (YES, NO)


Group: TypeAlias = list[Example]
"""Examples whose prompts begin alike."""


class Model(torch.nn.Module):
    """The embedded model or its first layers, the last of them with an adapter.

    Args:
        read: its weights.
        layers: how many are used.
        learn: how many of these learn.
        rank: of what is learned.
    """

    def __init__(self, read: Weights, layers: int, learn: int, rank: int) -> None:
        super().__init__()
        self.embedding, self.words = read("token_embd.weight").to(DTYPE), read("output.weight").to(DTYPE)
        frozen = layers - learn
        self.layers = torch.nn.ModuleList(
            Layer(read, index, rank if index >= frozen else 0) for index in range(layers)
        )
        self.norm = read("output_norm.weight")
        self.frozen, self.rank = frozen, rank

    def forward(self, groups: Sequence[Group]) -> Tensor:
        """What is learned from each token of the answers: its loss, shape (answer tokens,)."""
        odds, wanted = self.odds(groups)
        return F.cross_entropy(odds.float(), wanted, reduction="none")

    def odds(self, groups: Sequence[Group]) -> tuple[Tensor, Tensor]:
        """Of each token of the answers: shapes (answer tokens, words or 2) and (answer tokens,)."""
        device = self.norm.device
        tokens, places, seen, before, wanted = (part.to(device) for part in _laid(groups))
        with torch.no_grad():
            x = self.embedding[tokens][None]
            for layer in self.layers[: self.frozen]:
                x = layer(x, places, seen)
        for layer in self.layers[self.frozen :]:
            x = layer(x, places, seen)
        last = _normed(x[0, before], self.norm)
        if all(example.judges for group in groups for example in group):
            return last @ self.words[[NO, YES]].T, (wanted == YES).long()
        return last @ self.words.T, wanted


def _laid(groups: Sequence[Group]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Groups one after another, each with what its prompts begin with once.

    Returns:
        The tokens and what `Layer.forward` takes beside them; and of each token of the answers the index of
        the one before it and itself, shape (answer tokens,).
    """
    tokens: list[int] = []
    places: list[int] = []
    owners: list[tuple[int, int]] = []
    before: list[int] = []
    wanted: list[int] = []
    for number, group in enumerate(groups):
        shared = _shared(group)
        own = [(example.tokens[shared:-1], shared, example.tokens[example.start :]) for example in group]
        for part, (new, place, answer) in enumerate([(group[0].tokens[:shared], 0, []), *own]):
            tokens += new
            places += range(place, place + len(new))
            owners += [(number, part)] * len(new)
            before += range(len(tokens) - len(answer), len(tokens))
            wanted += answer
    group_of, part_of = torch.tensor(owners).T
    order = torch.arange(len(tokens))
    read = (part_of[None] == 0) | (part_of[:, None] == part_of[None])
    sees = (order[:, None] >= order[None]) & (group_of[:, None] == group_of[None]) & read
    seen = torch.zeros(sees.shape, dtype=DTYPE).masked_fill_(~sees, -math.inf)
    return torch.tensor(tokens), torch.tensor(places), seen, torch.tensor(before), torch.tensor(wanted)


def _shared(group: Group) -> int:
    """How many tokens all begin with; at least the last of each prompt is its own."""
    most = min(example.start for example in group) - 1
    columns = zip(*(example.tokens[:most] for example in group), strict=True)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def factors(model: Model) -> Iterator[tuple[str, torch.nn.Parameter]]:
    """What is learned, by llama.cpp's names."""
    for layer in model.layers[model.frozen :]:
        for part, name in PARTS.items():
            for letter in "ab":
                yield f"blk.{layer.index}.{name}.weight.lora_{letter}", getattr(getattr(layer, part), letter)


def start_from(model: Model, path: Path) -> None:
    """Give the model an adapter that was written before."""
    before = {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}
    with torch.no_grad():
        for name, factor in factors(model):
            factor.copy_(torch.from_numpy(np.asarray(before[name], np.float32).copy()))


def main() -> None:
    """Cut, or learn and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    for step in ("cut", "learn"):
        one = steps.add_parser(step)
        one.add_argument("given", type=Path, nargs="+")
        one.add_argument("--out", type=Path, required=True)
    one.add_argument("--weights", type=Path, required=True)
    one.add_argument("--held-out", nargs="*", default=["invented"], help="sets that are not learned from")
    one.add_argument("--epochs", type=int, default=1)
    one.add_argument("--rate", type=float, default=5e-4, help="of learning, at its highest")
    one.add_argument("--layers", type=int, default=LAYERS, help="of the model that are used")
    one.add_argument("--learn", type=int, default=14, help="how many of these learn, the last")
    one.add_argument("--rank", type=int, default=8)
    one.add_argument("--strength", type=float, default=1.0, help="with which the adapter is applied in use")
    one.add_argument("--start", type=Path, help="an adapter to learn on from")
    one.add_argument("--tokens", type=int, default=8192, help="read at once")
    one.add_argument("--batches", type=int, default=1, help="of so many tokens that a step is of")
    one.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = parser.parse_args()
    if given.step == "cut":
        _cut(given.given, given.out)
        return
    read = Weights(given.weights, given.device)
    model = Model(read, given.layers, given.learn, given.rank)
    if given.start:
        start_from(model, given.start)
    learn(model, load(given.given), given)


def load(paths: Sequence[Path]) -> list[Example]:
    """The examples of files that `cut` wrote, but for the very long."""
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    examples = (Example(**json.loads(line)) for line in lines)
    return [example for example in examples if len(example.tokens) <= LONGEST]


def learn(model: Model, examples: Sequence[Example], given: argparse.Namespace) -> None:
    """Train, report after each epoch and write."""
    torch.manual_seed(0)
    kept = [example for example in examples if example.kind in given.held_out]
    learned = [example for example in examples if example.kind not in given.held_out]
    parameters = [factor for _, factor in factors(model)]
    optimiser = torch.optim.AdamW(parameters, lr=given.rate, weight_decay=0.01, betas=(0.9, 0.99))
    epochs = [_steps(_batches(learned, given.tokens, epoch), given.batches) for epoch in range(given.epochs)]
    steps = sum(map(len, epochs))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / WARM_UP) * max(0.02, 1 - step / steps)
    )
    began = time.monotonic()
    told = measured(model, kept, given.tokens)
    print(f"{len(learned)} examples, {steps} steps; start: held out {told}", flush=True)
    for number, epoch in enumerate(epochs, 1):
        losses = []
        for step in epoch:
            read = [example for batch in step for group in batch for example in group]
            count = sum(len(example.tokens) - example.start for example in read)
            for batch in step:
                loss = model(batch)
                (loss.sum() / count).backward()
                losses.append(loss.detach())
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
        told = f"loss {torch.cat(losses).mean():.3f}, held out {measured(model, kept, given.tokens)}"
        print(f"epoch {number}: {told}, {time.monotonic() - began:.0f} s", flush=True)
    write(model, given.out, given.strength)


@torch.no_grad()
def measured(model: Model, examples: Sequence[Example], tokens: int) -> str:
    """Mean loss of each set and, of Yes and No, the area under the ROC curve."""
    told = []
    for kind in sorted({example.kind for example in examples}):
        of = [example for example in examples if example.kind == kind]
        odds, wanted = zip(*(model.odds(batch) for batch in _batches(of, tokens, 0)), strict=True)
        loss = torch.cat(
            [F.cross_entropy(o.float(), w, reduction="none") for o, w in zip(odds, wanted, strict=True)]
        )
        told.append(f"{kind} {loss.mean():.3f}")
        if all(example.judges for example in of):
            said, true = torch.cat(odds).float(), torch.cat(wanted)
            said = said[:, 1] - said[:, 0]
            above = (said[true == 1][:, None] > said[true == 0][None]).float().mean()
            told[-1] += f" (AUC {above:.3f})"
    return ", ".join(told)


def _batches(examples: Sequence[Example], tokens: int, seed: int) -> list[list[Group]]:
    """Groups of at most so many tokens together, in random order; Yes and No apart from the rest."""
    order = random.Random(seed)
    batches: list[list[Group]] = []
    for judges in (True, False):
        groups = _grouped([example for example in examples if example.judges is judges])
        order.shuffle(groups)
        batch: list[Group] = []
        length = 0
        for group in groups:
            if batch and length + _length(group) > tokens // (1 if judges else 2):
                batches.append(batch)
                batch, length = [], 0
            batch.append(group)
            length += _length(group)
        batches += [batch] if batch else []
    order.shuffle(batches)
    return batches


def _grouped(examples: Sequence[Example], most: int = 24) -> list[Group]:
    """Those together whose prompts begin alike, at most so many."""
    groups: list[Group] = []
    for example in sorted(examples, key=lambda example: list(example.tokens)):
        last = groups[-1] if groups else []
        alike = bool(last) and _shared([last[0], example]) >= ALIKE * example.start
        if alike and len(last) < most:
            last.append(example)
        else:
            groups.append([example])
    return groups


def _length(group: Group) -> int:
    """Tokens that are read of it."""
    shared = _shared(group)
    return shared + sum(len(example.tokens) - 1 - shared for example in group)


def _steps(batches: list[list[Group]], count: int) -> list[list[list[Group]]]:
    return [batches[at : at + count] for at in range(0, len(batches), count)]


def write(model: Model, path: Path, strength: float) -> None:
    """The adapter in llama.cpp's form."""
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", strength * model.rank)
    for name, factor in factors(model):
        writer.add_tensor(name, factor.detach().float().cpu().numpy().astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _cut(paths: Sequence[Path], out: Path) -> None:
    """Write the tokens of each prompt and answer as llama.cpp cuts them."""
    import httpx

    from qa.models import weights
    from qa.models.llama import LlamaServer
    from qa.settings import ChatSettings

    with (
        LlamaServer(weights.locate(""), ChatSettings(context_tokens=1024)) as server,
        httpx.Client(headers={"Authorization": f"Bearer {server.api_key}"}, timeout=60) as client,
        out.open("w", encoding="utf-8") as file,
    ):
        url = server.base_url.removesuffix("/v1")

        @cache
        def tokens(text: str) -> list[int]:
            body = {"content": text, "add_special": False, "parse_special": True}
            found: list[int] = client.post(f"{url}/tokenize", json=body).json()["tokens"]
            return found

        def line(row: dict[str, Any]) -> str:
            messages = [{"role": role, "content": text} for role, text in row["messages"]]
            asked = tokens(client.post(f"{url}/apply-template", json={"messages": messages}).json()["prompt"])
            answer = tokens(row["answer"] if row["answer"] in ("Yes", "No") else row["answer"] + END)
            return json.dumps({"tokens": asked + answer, "start": len(asked), "kind": row["set"]})

        for path in paths:
            rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
            with ThreadPoolExecutor(4) as pool:
                file.writelines(f"{one}\n" for one in pool.map(line, rows))


def _heads(x: Tensor, count: int) -> Tensor:
    return x.view(x.shape[0], x.shape[1], count, HEAD).transpose(1, 2)


def _normed(x: Tensor, weight: Tensor) -> Tensor:
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPSILON) * weight).to(DTYPE)


def _turned(x: Tensor, places: Tensor) -> Tensor:
    """Rotary positions: shape (batch, heads, tokens, head), places (tokens,)."""
    angles = places.float()[:, None] / THETA ** (torch.arange(0, HEAD, 2, device=x.device).float() / HEAD)
    angles = torch.cat([angles, angles], -1)
    first, second = x[..., : HEAD // 2], x[..., HEAD // 2 :]
    return x * angles.cos().to(DTYPE) + torch.cat([-second, first], -1) * angles.sin().to(DTYPE)


if __name__ == "__main__":
    main()
