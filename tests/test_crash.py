"""A slice of ``benchmarks/crash.py``: kill -9 while adding costs nothing that was acknowledged.

The benchmark runs many more kills and shows the same kills damaging a plain Chroma client.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(("manner", "kills"), [("random", 2), ("aimed", 3), ("between", 2)])
def test_killed_while_adding(
    manner: str, kills: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (ROOT / "benchmarks" / "crash.py").exists():
        pytest.skip("benchmarks are not part of the source distribution")
    monkeypatch.chdir(ROOT)  # the children find the package there
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import crash

    monkeypatch.setattr(crash.qa.index, "SYNC_THRESHOLD", crash.FLUSH_EVERY)
    crash.make_base("store", tmp_path / "store")
    score = crash.run("store", manner, kills, tmp_path, seed=1)
    assert (score.kills, score.damaged) == (kills, 0)
    assert score.acknowledged > 0
    assert score.worst["ready"] <= crash.START_SECONDS
    if manner == "aimed":
        assert score.worst["unsealed"] > 0, "no kill fell into the index's writing"
