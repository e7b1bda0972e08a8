"""Theorem 2's relation of batch size and temperature, and its inverses."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngd.theorem_2 import batch_size, temperature

LEARNING_RATES = st.floats(1e-4, 1.0)
EXAMPLES = st.integers(1, 100_000)


def test_temperature_is_half_the_learning_rate_times_n_over_b_less_one():
    assert temperature(0.1, 1000, 50) == pytest.approx(0.05 * 19)
    assert temperature(0.1, 1000, 50, exact=False) == pytest.approx(1.0)


def test_a_full_batch_has_temperature_zero():
    assert temperature(0.3, 77, 77) == 0
    assert temperature(0.3, 77, 77, exact=False) == pytest.approx(0.15)


@given(LEARNING_RATES, EXAMPLES, st.data())
def test_approximate_temperature_exceeds_the_exact_by_half_the_learning_rate(rate, n, data):
    b = data.draw(st.integers(1, n))
    gap = temperature(rate, n, b, exact=False) - temperature(rate, n, b)
    # n/b cancels: its rounding remains.
    assert gap == pytest.approx(rate / 2, abs=1e-15 * rate * n / b + 1e-18)


@given(LEARNING_RATES, st.integers(2, 100_000), st.data())
def test_batch_size_of_an_approximate_temperature_is_the_one_it_came_from(rate, n, data):
    b = data.draw(st.integers(1, n))
    assert batch_size(rate, n, temperature(rate, n, b, exact=False), exact=False) == b


@given(LEARNING_RATES, st.integers(2, 100_000), st.floats(1e-3, 100))
def test_exact_batch_is_the_smallest_no_hotter_than_asked(rate, n, asked):
    """⌈N/(2T/ε + 1)⌉ of section 6.4: rounding up cools."""
    if asked > temperature(rate, n, 1) or asked < temperature(rate, n, n - 1):
        return  # which `batch_size` refuses, or may
    b = batch_size(rate, n, asked)
    tolerance = 1e-9 * (asked + rate)
    assert temperature(rate, n, b) <= asked + tolerance
    assert b == 1 or temperature(rate, n, b - 1) >= asked - tolerance


@given(LEARNING_RATES, st.integers(2, 100_000), st.data())
def test_batch_size_of_an_exact_temperature_is_the_one_it_came_from(rate, n, data):
    b = data.draw(st.integers(1, n - 1))
    assert batch_size(rate, n, temperature(rate, n, b)) == b


@pytest.mark.parametrize(
    ("rate", "n", "asked", "expected"),
    [(0.05, 8192, 1.0, 200), (0.1, 1000, 1.0, 48), (0.1, 1000, 0.95, 50), (1.0, 10, 4.5, 1)],
)
def test_exact_batch_sizes_worked_by_hand(rate, n, asked, expected):
    assert batch_size(rate, n, asked) == expected


@pytest.mark.parametrize(
    ("rate", "n", "asked", "expected"), [(0.1, 1000, 1.0, 50), (0.125, 1024, 1.0, 64)]
)
def test_batch_sizes_of_the_paper(rate, n, asked, expected):
    """Section 6.1: B = εN/2 = 50; section 6.3: 64."""
    assert batch_size(rate, n, asked, exact=False) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 10, 5), "learning_rate .*0.0"),
        ((-1.0, 10, 5), "learning_rate .*-1.0"),
        ((math.nan, 10, 5), "learning_rate .*nan"),
        ((0.1, 10, 11), r"batch_size .*1\.\.10.*11"),
        ((0.1, 10, 0), "batch_size .*0"),
        ((0.1, 10, 2.5), r"batch_size .*2\.5"),
    ],
)
def test_temperature_refuses_impossible_settings(unchecked, arguments, message):
    with pytest.raises(ValueError, match=message):
        temperature(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 10, 1.0), "learning_rate .*0.0"),
        ((0.1, 10, 0.0), "temperature .*0.0"),
        ((0.1, 10, -1.0), "temperature .*-1.0"),
        ((0.1, 10, math.nan), "temperature .*nan"),
        ((1e-4, 100, 1.0), r"temperature 1 .*0\.00495 at B = 1"),
        ((0.1, 100, 1e6), r"temperature 1e\+06 .*4\.95 at B = 1"),
        ((0.1, 10, 1e-6), "temperature 1e-06 .* 0 at B = 10"),
        ((math.inf, 10, 1.0), "learning_rate must be finite"),
        ((0.1, 10, math.inf), "temperature must be finite"),
        ((0.1, 10, 100.0, False), r"temperature 100 .*0 examples.*1\.\.10"),
        ((0.1, 1000, 0.01, False), r"temperature 0.01 .*5000 examples.*1\.\.1000"),
    ],
)
def test_batch_size_refuses_temperatures_that_no_batch_has(arguments, message):
    with pytest.raises(ValueError, match=message):
        batch_size(*arguments)
