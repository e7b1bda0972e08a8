"""The script beside `docs/theorem1.md`: it measures the exponents that the page derives."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests import scripts

SCRIPT = Path(__file__).parents[2] / "docs" / "theorem1_check.py"


@pytest.fixture(scope="module")
def check():
    return scripts.load("docs/theorem1_check.py")


@pytest.mark.parametrize("k", [-0.3, 0.25, 1.0])
@pytest.mark.parametrize("d", [1, 2])
def test_the_exponent_of_exact_draws_is_found(check, d, k):
    """In closed form: for d = 2, k = 1/2, p(r) = r (1 + r²) e^{-r²/2}; else by rejection."""
    rng = np.random.default_rng(d)
    w = 1.6 * rng.standard_normal((400_000, d))
    squared = (w**2).sum(axis=1)
    # e^{-r²/2}(1 + r²)^{kd} over the proposal's e^{-r²/(2·1.6²)}, at most what it is at r² = s.
    a = (1 - 1.6**-2) / 2
    ratio = lambda s: np.exp(-a * s) * (1 + s) ** (k * d)  # noqa: E731
    highest = ratio(max(k * d / a - 1, 0))
    kept = np.sqrt(squared[rng.random(len(w)) * highest < ratio(squared)])
    assert len(kept) > 50_000
    found, error = check.exponent(d, kept)
    assert abs(found - k) < 4.5 * error
    assert error < 0.02


def test_an_increment_is_that_of_the_equation(check):
    """At one ω, where G = 1 + 0.7² + 0.2²."""
    w, dw = np.array([[0.7, -0.2]]), np.array([[0.01, 0.03]])
    g = 1 + 0.53
    np.testing.assert_allclose(check.increment(w, 0.1, dw), -0.1 * w / g + dw / g**0.5)


def test_an_error_of_first_order_in_the_step_is_extrapolated_away(check, monkeypatch):
    monkeypatch.setattr(check, "radii", lambda d, scheme, h: h)
    monkeypatch.setattr(check, "exponent", lambda d, h: (0.5 + 3 * h, 0.01))
    assert check.limit(1, "Euler") == pytest.approx((0.5, 0.01 * 5**0.5))


def test_euler_samples_itos_exponent_and_heun_stratonovichs(check):
    """1 and 1/2 in one dimension, 1/2 and 1/4 in two, each within 4.5 of its standard errors."""
    printed = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    expected = {"d = 1, Euler": 1, "d = 1, Heun": 0.5, "d = 2, Euler": 0.5, "d = 2, Heun": 0.25}
    assert [line.split(":")[0] for line in printed] == list(expected)
    for line, k in zip(printed, expected.values(), strict=True):
        found, error = map(float, line.split("k = ")[1].split(",")[0].split(" ± "))
        # So small that no k passes for another that is 1/4 apart.
        assert 2 * 4.5 * error < 0.25
        assert abs(found - k) < 4.5 * error, line
