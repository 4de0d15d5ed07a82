"""Cutting a GGUF file, against what llama.cpp's own writer makes of the same model."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from qa.models.shorten import first_layers

NAMES = ("token_embd.weight", "blk.0.attn.weight", "blk.10.attn.weight", "blk.1.attn.weight", "output.weight")
RANDOM = np.random.default_rng(1)
TENSORS = {name: RANDOM.random((3, size), np.float32) for size, name in enumerate(NAMES, 5)}


def written(path: Path, layers: int) -> Path:
    """A model with its odd sizes, strings and lists, of so many layers."""
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_string("general.name", "räksmörgås")
    writer.add_array("tokenizer.ggml.tokens", ["a", "bc", "", "日本"])
    writer.add_array("tokenizer.ggml.token_type", [1, 2, 3])
    writer.add_block_count(layers)
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    writer.add_float32("qwen2.rope.freq_base", 1e6)
    for name, tensor in TENSORS.items():
        if not name.startswith("blk.") or int(name.split(".")[1]) < layers:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("layers", [1, 2, 11])
def test_the_bytes_are_those_of_the_formats_own_writer(tmp_path: Path, layers: int) -> None:
    whole, wanted = written(tmp_path / "whole.gguf", 11), written(tmp_path / "wanted.gguf", layers)
    assert b"".join(first_layers(whole, layers)) == wanted.read_bytes()


def test_it_goes_on_from_any_byte(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.gguf", 11)
    wanted = b"".join(first_layers(whole, 2))
    for start in range(len(wanted) + 1):
        assert b"".join(first_layers(whole, 2, start)) == wanted[start:]
