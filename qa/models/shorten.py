"""A GGUF file goes in, the bytes of the same model with fewer layers come out; knows no llama.cpp.

The format is https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3, little-endian: a header,
keys with values, what tensors there are, then the tensors. Nothing is converted: the number of layers is
written anew, the layers above it are left out, everything else is copied.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["first_layers"]

BLOCK = 1 << 22
ALIGNMENT = 32
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of the kinds of number."""
_STRING, _ARRAY = 8, 9
_LAYER = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class _Tensor:
    """What the file says of a tensor: its name, shape and kind as they stand there, and where it is."""

    name: str
    said: bytes
    offset: int


def first_layers(path: Path, layers: int, start: int = 0) -> Iterator[bytes]:
    """The bytes, from ``start`` on, of a file with only the first ``layers`` of the model.

    Args:
        path: GGUF file of a checked model; another file's faults are not looked for.
        layers: how many are kept.
        start: bytes that are not wanted again.
    """
    with path.open("rb") as file:
        version, count, keys = struct.unpack("<4xIQQ", file.read(24))
        values = _values(file, keys, layers)
        tensors = [_tensor(file) for _ in range(count)]
        data = _aligned(file.tell())
        ends = [*sorted(tensor.offset for tensor in tensors), path.stat().st_size - data]
        sizes = {offset: end - offset for offset, end in zip(ends, ends[1:], strict=False)}
        kept = [tensor for tensor in tensors if _layer(tensor.name) < layers]
        head = struct.pack("<4sIQQ", b"GGUF", version, len(kept), keys) + values
        offset = 0
        for tensor in kept:
            head += tensor.said + struct.pack("<Q", offset)
            offset += sizes[tensor.offset]  # they end where the next begins, so they stay aligned
        head += bytes(_aligned(len(head)) - len(head))
        if start < len(head):
            yield head[start:]
        place = len(head)
        for tensor in kept:
            size = sizes[tensor.offset]
            skipped = min(max(start - place, 0), size)
            file.seek(data + tensor.offset + skipped)
            yield from _blocks(file, size - skipped)
            place += size


def _values(file: BinaryIO, count: int, layers: int) -> bytes:
    """The keys and values as they stand there, but for the number of layers."""
    begin = file.tell()
    changed = 0
    for _ in range(count):
        key = _string(file)
        (kind,) = struct.unpack("<I", file.read(4))
        if key.endswith(b".block_count"):
            changed = file.tell() - begin
        _skip(file, kind)
    values = _since(file, begin)
    return values[:changed] + struct.pack("<I", layers) + values[changed + 4 :]


def _skip(file: BinaryIO, kind: int) -> None:
    """Pass a value."""
    if kind == _STRING:
        _string(file)
    elif kind == _ARRAY:
        of, length = struct.unpack("<IQ", file.read(12))
        if of in _SIZES:
            file.seek(_SIZES[of] * length, 1)
        else:
            for _ in range(length):
                _skip(file, of)
    else:
        file.seek(_SIZES[kind], 1)


def _since(file: BinaryIO, begin: int) -> bytes:
    """What was passed, once more."""
    end = file.tell()
    file.seek(begin)
    return file.read(end - begin)


def _string(file: BinaryIO) -> bytes:
    (length,) = struct.unpack("<Q", file.read(8))
    return file.read(length)


def _tensor(file: BinaryIO) -> _Tensor:
    begin = file.tell()
    name = _string(file).decode()
    (dimensions,) = struct.unpack("<I", file.read(4))
    file.seek(8 * dimensions + 4, 1)
    return _Tensor(name, _since(file, begin), struct.unpack("<Q", file.read(8))[0])


def _layer(name: str) -> int:
    """The layer a tensor belongs to; -1 for none."""
    found = _LAYER.match(name)
    return int(found[1]) if found else -1


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (block := file.read(min(BLOCK, size))):
        yield block
        size -= len(block)


def _aligned(place: int) -> int:
    return -(-place // ALIGNMENT) * ALIGNMENT
