"""The moving average of a metric against its recursion on dense matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd.metrics import Metric, moving_average, sampled_fisher
from ngd.metrics.average import smoothing, window


def from_list(estimates):
    """A metric whose t-th estimate is the t-th of a list; its memory is t."""
    estimates = jnp.asarray(estimates)
    return Metric(
        task=None,
        init=lambda position: (jnp.zeros((), int),),
        estimate=lambda key, position, memory: (estimates[memory[0]], (memory[0] + 1,)),
    )


def averages(metric, position, steps):
    """UᵀU after each update."""
    memory, dense = metric.init(position), []
    estimate = jax.jit(metric.factor)
    for t in range(steps):
        factor, memory = estimate(jax.random.key(t), position, memory)
        rows = factor.written()
        dense.append(np.asarray(rows.T @ rows))
    return dense


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.8, 0.95])
@pytest.mark.parametrize("tolerance", [1e-1, 1e-4])
def test_average_is_the_recursion_up_to_the_weight_that_the_window_drops(x64, alpha, tolerance):
    length = window(alpha, tolerance)
    steps = min(3 * length + 2, 120)
    estimates = np.random.default_rng(3).normal(size=(steps, 2, 3))
    position = {"w": jnp.zeros(3)}
    metric = moving_average(from_list(estimates), alpha, tolerance)
    largest = max(np.linalg.norm(u.T @ u) for u in estimates)
    dropped = 0.0
    recursion = estimates[0].T @ estimates[0]
    for t, average in enumerate(averages(metric, position, steps)):
        recursion = alpha * recursion + (1 - alpha) * estimates[t].T @ estimates[t]
        error = np.linalg.norm(average - recursion)
        if t < length:
            # Nothing has been dropped yet.
            assert error < 1e-12 * np.linalg.norm(recursion)
        else:
            # recursion = (1 - α^window) average + α^window (what was dropped).
            assert error <= alpha**length * (np.linalg.norm(average) + largest)
            dropped = max(dropped, error)
    assert alpha == 0 or steps <= length or dropped > 1e-12


@pytest.mark.parametrize(("alpha", "tolerance"), [(0.3, 1e-4), (0.95, 1e-1), (0.0769, 1e-3)])
def test_window_is_the_shortest_that_drops_no_more_than_the_tolerance(alpha, tolerance):
    length = window(alpha, tolerance)
    assert alpha**length <= tolerance < alpha ** (length - 1)


def test_average_of_a_constant_metric_is_that_metric(x64, constant):
    rows = np.random.default_rng(0).normal(size=(2, 3))
    for average in averages(moving_average(constant(None, rows), 0.7), {"w": jnp.zeros(3)}, 60):
        np.testing.assert_allclose(average, rows.T @ rows, rtol=1e-12)


def test_no_smoothing_is_the_newest_estimate(toy, x64):
    task, params = toy("mlp")
    plain = averages(sampled_fisher(task, 4), params, 5)
    for average, newest in zip(
        averages(moving_average(sampled_fisher(task, 4), 0.0), params, 5), plain, strict=True
    ):
        np.testing.assert_array_equal(average, newest)


def test_average_of_an_average_is_the_recursion_twice(x64):
    estimates = np.random.default_rng(4).normal(size=(4, 2, 3))
    metric = moving_average(moving_average(from_list(estimates), 0.6), 0.5)
    inner = outer = estimates[0].T @ estimates[0]
    for t, average in enumerate(averages(metric, {"w": jnp.zeros(3)}, 4)):
        inner = 0.6 * inner + 0.4 * estimates[t].T @ estimates[t]
        outer = 0.5 * outer + 0.5 * inner
        np.testing.assert_allclose(average, outer, rtol=1e-10, atol=1e-13)


def test_average_keeps_single_precision(toy):
    task, params = toy("mlp")
    metric = moving_average(sampled_fisher(task, 4), 0.5)
    factor, memory = metric.estimate(jax.random.key(0), params, metric.init(params))
    leaves = jax.tree.leaves((factor, memory.ring))
    assert {leaf.dtype for leaf in leaves} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("learning_rate", "expected"), [(0.001, 0.95), (0.002, 0.95**2), (0.05, 0.95**50)]
)
def test_smoothing_is_a_power_of_the_learning_rate(learning_rate, expected):
    assert smoothing(learning_rate) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("alpha", "tolerance", "message"),
    [
        (1.0, 1e-4, "smoothing .*1.0"),
        (-0.1, 1e-4, "smoothing .*-0.1"),
        (float("nan"), 1e-4, "smoothing .*nan"),
        (0.5, 0.0, "tolerance .*0.0"),
    ],
)
def test_average_refuses_weights_that_are_none(constant, alpha, tolerance, message):
    with pytest.raises(ValueError, match=message):
        moving_average(constant(None, np.eye(2)), alpha, tolerance)
