"""Whole updates by conjugate gradients against dense float64, along trajectories."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngd import minibatch
from ngd.metrics import moving_average, sampled_fisher
from ngd.metrics.average import smoothing
from ngd.metrics.solvers import NEAR, pick_solver
from ngd.models import CNN, MLP
from ngd.samplers import stochastic_ngd
from ngd.task import Task, gradient, l2


@pytest.mark.parametrize(
    ("kind", "alpha", "tolerance", "updates"),
    [
        ("mlp", 0.0, 1e-4, 30),
        ("mlp", 0.5, 1e-2, 60),
        ("mlp", smoothing(0.05), 1e-5, 120),
        ("cnn", smoothing(0.05), 1e-5, 60),
    ],
)
def test_updates_agree_with_the_dense_float64_solution(kind, alpha, tolerance, updates):
    """Δω of the first twenty steps and every tenth, by the recursion of section 6.4 itself.

    The window drops a weight of `tolerance`; where that is small, so is the error.
    """
    key = jax.random.key(3)
    y = jax.random.randint(key, (700,), 0, 10)
    if kind == "mlp":
        model, x = MLP(), 3 * jax.random.normal(key, (700, 10))
    else:
        model, x = CNN(channels=6), jax.random.uniform(key, (700, 14, 14, 1))
    task = Task(model.apply, x, y, l2(0.1))
    position = model.init(key, x[:1])
    metric = moving_average(sampled_fisher(task, 620), alpha, tolerance)
    rate, delta = 0.05, 0.1
    sampler = stochastic_ngd.build(metric, learning_rate=rate, damping=delta, batch_size=30)
    step, estimate = jax.jit(sampler.step), jax.jit(metric.estimate)
    state = sampler.init(position)
    rows, parameters = estimate(key, position, state.memory)[0].shape
    assert pick_solver(rows, parameters) == "cg"
    # Both of the preconditioners are met.
    assert (rows >= 2 * NEAR) == (alpha > 0)
    average = None
    for number in range(updates):
        rng_key = jax.random.key(number)
        key_batch, key_metric = jax.random.split(rng_key)
        # The newest estimate alone: a first estimate stands for the whole average, the
        # other rows have no weight.
        fresh, _ = estimate(key_metric, state.position, metric.init(position))
        u = np.asarray(fresh.written(), np.float64)[:620]
        newest = u.T @ u
        average = newest if average is None else alpha * average + (1 - alpha) * newest
        before = ravel_pytree(state.position)[0]
        if number >= 20 and number % 10:
            state, _ = step(rng_key, state)
            continue
        g = np.asarray(
            gradient(task, state.position, minibatch.draw(key_batch, 700, 30)), np.float64
        )
        exact = -rate * np.linalg.solve(average + delta * np.eye(len(g)), g)
        state, _ = step(rng_key, state)
        moved = np.asarray(ravel_pytree(state.position)[0] - before, np.float64)
        error = np.linalg.norm(moved - exact) / np.linalg.norm(exact)
        # Rounding ω + Δω to float32 loses eps|ω|/|Δω| of what is compared here.
        rounding = 1e-7 * float(jnp.linalg.norm(before)) / np.linalg.norm(exact)
        assert error < max(1e-4, 100 * tolerance if tolerance > 1e-4 else 0) + rounding
