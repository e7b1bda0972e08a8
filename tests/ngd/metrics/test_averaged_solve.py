"""The solve of the averaged Fisher against dense float64, along whole trajectories."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngd import minibatch
from ngd.layers import dense_gradients
from ngd.metrics import damping, moving_average, sampled_fisher
from ngd.metrics.average import smoothing
from ngd.metrics.factor import Averaged, rows_of
from ngd.models import CNN, MLP
from ngd.samplers import stochastic_ngd
from ngd.task import Task, gradient, l2


@pytest.mark.parametrize(
    ("alpha", "tolerance"), [(0.0, 1e-4), (smoothing(0.05), 1e-5), (0.3, 1e-5), (0.8, 1e-2)]
)
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_every_update_agrees_with_the_dense_float64_solution(kind, alpha, tolerance):
    """Δω of each step, the dense average being the recursion of section 6.4 itself.

    The window drops a weight of `tolerance`; where that is small, so is the error.
    """
    key = jax.random.key(3)
    y = jax.random.randint(key, (200,), 0, 10)
    if kind == "mlp":
        model, x = MLP(hidden=10), jax.random.normal(key, (200, 8))
    else:
        model, x = CNN(channels=3), jax.random.uniform(key, (200, 12, 12, 1))
    task = Task(model.apply, x, y, l2(0.1))
    position = model.init(key, x[:1])
    metric = moving_average(sampled_fisher(task, 48, dense_gradients(model)), alpha, tolerance)
    rate, delta = 0.05, 0.1
    sampler = stochastic_ngd.build(task, metric, rate, delta, 30)
    step, estimate = jax.jit(sampler.step), jax.jit(metric.estimate)
    state = sampler.init(position)
    average = None
    for number in range(200):
        rng_key = jax.random.key(number)
        key_batch, key_metric = jax.random.split(rng_key)
        # The newest estimate alone: a first estimate stands for the whole average.
        fresh, _ = estimate(key_metric, state.position, metric.init(position))
        u = np.asarray(rows_of(fresh), np.float64)
        newest = u.T @ u
        average = newest if average is None else alpha * average + (1 - alpha) * newest
        g = np.asarray(
            gradient(task, state.position, minibatch.draw(key_batch, 200, 30)), np.float64
        )
        exact = -rate * np.linalg.solve(average + delta * np.eye(len(g)), g)
        before = ravel_pytree(state.position)[0]
        state, _ = step(rng_key, state)
        moved = np.asarray(ravel_pytree(state.position)[0] - before, np.float64)
        error = np.linalg.norm(moved - exact) / np.linalg.norm(exact)
        # Rounding ω + Δω to float32 loses eps|ω|/|Δω| of what is compared here.
        rounding = 1e-7 * float(jnp.linalg.norm(before)) / np.linalg.norm(exact)
        assert error < max(1e-4, 100 * tolerance if tolerance > 1e-4 else 0) + rounding


@pytest.mark.parametrize("weight", [1e-3, 0.1, 1.0])
def test_the_averaged_solve_is_numpys(weight, x64):
    rng = np.random.default_rng(5)
    newest, older = rng.normal(size=(6, 20)), weight * rng.normal(size=(18, 20))
    v = rng.normal(size=20)
    for delta in (1e-2, 1.0):
        exact = np.linalg.solve(newest.T @ newest + older.T @ older + delta * np.eye(20), v)
        factor = Averaged(jnp.asarray(newest), jnp.asarray(older))
        found = damping.solve(factor, delta, jnp.asarray(v))
        assert np.linalg.norm(found - exact) / np.linalg.norm(exact) < 1e-3
        for solver in ("primal", "dual", "cg"):
            np.testing.assert_allclose(
                damping.solve(factor, delta, jnp.asarray(v), solver), exact, rtol=1e-3, atol=1e-6
            )
