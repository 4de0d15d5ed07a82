"""The newest evals run in a folder: its files go in, a typed report comes out.

Reads what ``python -m evals run`` writes (run.json and summary.json of each suite and system) and the page
that ``python -m evals report`` puts beside them; whatever is missing or damaged is left out. Knows no
metric, and imports nothing from evals.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

__all__ = ["Metric", "Report", "newest"]

MOST_HTML = 4_000_000


class Metric(BaseModel):
    """A number with its interval.

    Attributes:
        value: mean, rate or quantile.
        n: how many questions it rests on; 0 if the run does not say.
        low, high: 95 % interval; None where there is none.
    """

    value: float
    n: int = 0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One run.

    Attributes:
        name: of its folder.
        header: what was run: suite, system, model, started, ...
        metrics: name to number, in the run's order.
        html: the run's own page, with plots; "" where it has none.
    """

    name: str
    header: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    html: str = ""


_METRICS: TypeAdapter[dict[str, Metric]] = TypeAdapter(dict[str, Metric])


def newest(folder: Path) -> Report | None:
    """The product's run written last in or under ``folder``, else the last of any system; None for none."""
    summaries = [*folder.rglob("*.qa/summary.json")] or [*folder.rglob("summary.json")]
    return _report(max(summaries, key=lambda path: path.stat().st_mtime).parent) if summaries else None


def _report(folder: Path) -> Report:
    try:
        metrics = _METRICS.validate_python(_json(folder / "summary.json"))
    except ValidationError:
        metrics = {}
    header = {
        key: value for key, value in _json(folder / "run.json").items() if isinstance(value, str) and value
    }
    pages = (place / "report.html" for place in (folder, folder.parent))
    page = next((page for page in pages if page.is_file() and page.stat().st_size <= MOST_HTML), None)
    return Report(folder.name, header, metrics, page.read_text("utf-8", "replace") if page else "")


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
