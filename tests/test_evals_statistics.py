"""Intervals and tests against published or enumerable values."""

from __future__ import annotations

import pytest

from evals.rows import Estimate
from evals.statistics import estimate, mcnemar, paired_bootstrap, quantile, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_is_everything():
    assert wilson(0, 0) == (0.0, 1.0)


def test_mcnemar_is_the_binomial_of_the_flips():
    before = [True] * 6 + [False] + [True] * 50
    after = [False] * 6 + [True] + [True] * 50
    two_sided, worse = mcnemar(before, after)
    assert two_sided == pytest.approx(2 * (7 + 1) / 2**7)  # 6 or 7 of 7
    assert worse == pytest.approx((7 + 1) / 2**7)
    assert mcnemar(after, before)[1] == pytest.approx(127 / 128)  # an improvement is no drop
    assert mcnemar([True], [True]) == (1.0, 1.0)


def test_pairs_must_match():
    with pytest.raises(ValueError, match="shorter|longer"):
        mcnemar([True], [])
    with pytest.raises(ValueError, match="no pair"):
        paired_bootstrap([], [])


def test_bootstrap_sees_a_difference_and_the_lack_of_one():
    before = [0.0, 0.2, 0.4, 0.6] * 10
    found = paired_bootstrap(before, [value + 0.1 for value in before])
    assert (found.value, found.low, found.high, found.n) == (pytest.approx(0.1),) * 3 + (40,)
    assert found.p == 0.0
    same = paired_bootstrap(before, before)
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    noisy = paired_bootstrap([0.0, 1.0] * 20, [1.0, 0.0] * 20)
    assert noisy.low < 0 < noisy.high and noisy.p > 0.5
    assert paired_bootstrap(before, before[::-1]) == paired_bootstrap(before, before[::-1])


def test_estimates():
    assert estimate([]) is None and quantile([], 0.5) is None
    assert estimate([0.3]) == Estimate(0.3, 1)
    rate = estimate([1.0, 0.0, 1.0, 1.0])
    assert rate is not None and (rate.low, rate.high) == wilson(3, 4)
    mean = estimate([1.0, 2.0, 3.0, 4.0])
    assert mean is not None and mean.error == pytest.approx(0.6455, abs=1e-4)
    signed = estimate([1.0, 1.0, 0.0], rate=False)
    assert signed is not None and signed.high is not None and signed.high > 1.0
    share = estimate([1.0, 0.95, 1.0])
    assert share is not None and share.high == 1.0  # a share's mean cannot pass 1
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == Estimate(2.5, 4)
