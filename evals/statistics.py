"""Numbers go in, estimates with their error and tests of a difference come out; pure.

Versions are compared on the same questions only: an unpaired difference of two rates over 300 questions has
an interval of about eight points and would hide most of what matters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.rows import Estimate

__all__ = ["Difference", "estimate", "mcnemar", "paired_bootstrap", "quantile", "wilson"]

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Difference:
    """After minus before, over the same questions.

    Attributes:
        value: mean difference.
        low, high: 95 % interval.
        p: two-sided probability of a difference this large if there were none.
        n: pairs.
    """

    value: float
    low: float
    high: float
    p: float
    n: int


def wilson(successes: int, n: int, z: float = Z95) -> tuple[float, float]:
    """95 % interval of a rate (Wilson, JASA 1927); (0, 1) for n = 0."""
    if not n:
        return 0.0, 1.0
    rate = successes / n
    centre = rate + z * z / (2 * n)
    spread = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def estimate(values: Sequence[float], rate: bool = True) -> Estimate | None:
    """Mean with standard error and 95 % interval; None for no values.

    Args:
        values: of single questions.
        rate: values of 0 and 1 alone are failures and successes, with Wilson's interval; shares stay within
            0 to 1.
    """
    n = len(values)
    if not n:
        return None
    mean = math.fsum(values) / n
    if rate and set(values) <= {0.0, 1.0}:
        low, high = wilson(round(sum(values)), n)
        return Estimate(mean, n, math.sqrt(mean * (1 - mean) / n), low, high)
    if n == 1:
        return Estimate(mean, n)
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    low, high = mean - Z95 * error, mean + Z95 * error
    if rate and 0 <= min(values) and max(values) <= 1:  # a share: its mean cannot leave 0 to 1
        low, high = max(0.0, low), min(1.0, high)
    return Estimate(mean, n, error, low, high)


def quantile(values: Sequence[float], share: float) -> Estimate | None:
    """The value below which ``share`` of the values lie, linear between neighbours; None for no values."""
    return Estimate(float(np.quantile(values, share)), len(values)) if len(values) else None


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> tuple[float, float]:
    """Exact McNemar test on pairs: under no difference, a flip goes either way like a coin.

    Returns:
        (two-sided p, one-sided p that ``after`` is worse); (1, 1) without flips.

    Raises:
        ValueError: the lengths differ.
    """
    pairs = list(zip(before, after, strict=True))
    lost = sum(old and not new for old, new in pairs)
    won = sum(new and not old for old, new in pairs)
    two_sided = min(1.0, 2 * _tail(max(lost, won), lost + won))
    return two_sided, _tail(lost, lost + won)


def paired_bootstrap(
    before: Sequence[float], after: Sequence[float], samples: int = 10_000, seed: int = 7
) -> Difference:
    """Resample the questions (Efron & Tibshirani 1993, percentile interval); the seed makes it repeatable.

    Raises:
        ValueError: the lengths differ, or there is no pair.
    """
    gains = np.array([new - old for old, new in zip(before, after, strict=True)])
    if not len(gains):
        raise ValueError("there is no pair to compare")
    drawn = np.random.default_rng(seed).integers(0, len(gains), (samples, len(gains)))
    means = gains[drawn].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    # Share of resamples on the far side of 0, which itself counts for both sides: no difference gives p = 1.
    p = min(1.0, 2 * min(float((means <= 0).mean()), float((means >= 0).mean())))
    return Difference(float(gains.mean()), float(low), float(high), p, len(gains))


def _tail(least: int, n: int) -> float:
    """Chance of ``least`` or more heads in ``n`` throws of a fair coin."""
    ways: int = sum(math.comb(n, k) for k in range(least, n + 1))
    return ways / (1 << n)
