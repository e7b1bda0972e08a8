"""The dense twins of `make bench` are the same samplers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests import scripts

import ngd
from ngd.metrics import exact_fisher
from ngd.metrics.covariance import gradient_covariance
from ngd.models import MLP
from ngd.samplers import stochastic_ngd
from ngd.task import flatten

N = 66


@pytest.fixture
def samplers(monkeypatch):
    monkeypatch.syspath_prepend(scripts.ROOT / "benchmarks")
    return scripts.load("benchmarks/samplers.py")


@pytest.fixture
def task(x64):
    x = jax.random.normal(jax.random.key(0), (N, 3))
    return ngd.Task(MLP(4, labels=3).apply, x, jnp.arange(N) % 3, ngd.l2(0.1))


@pytest.fixture
def start(task):
    return MLP(4, labels=3).init(jax.random.key(1), task.x)


def test_a_dense_metric_moves_a_chain_as_rows_do(samplers, task, start):
    def moved(metric):
        sampler = stochastic_ngd.build(metric, learning_rate=0.1, damping=0.2, batch_size=9)
        state, _ = sampler.step(jax.random.key(3), sampler.init(start))
        return flatten(state.position) - flatten(start)

    found = moved(samplers.dense_covariance(task))
    np.testing.assert_allclose(found, moved(gradient_covariance(task)), rtol=1e-4)
    assert np.abs(found).max() > 0.01


def test_its_operator_is_the_damped_matrix(samplers):
    rows = jax.random.normal(jax.random.key(0), (7, 4))
    damped = samplers.Dense(rows).damped(0.3)
    matrix = np.asarray(rows, float).T @ np.asarray(rows, float) + 0.3 * np.eye(4)
    v = np.arange(4.0)
    np.testing.assert_allclose(damped.solve(v).x, np.linalg.solve(matrix, v), rtol=1e-4)
    np.testing.assert_allclose(damped.times(v), matrix @ v, rtol=1e-5)
    np.testing.assert_allclose(damped.log_determinant(), np.linalg.slogdet(matrix)[1], rtol=1e-5)
    draws = jax.vmap(damped.noise)(jax.random.split(jax.random.key(1), 20_000))
    # The standard error of an entry is at most (2/20,000)^½ of the largest.
    np.testing.assert_allclose(np.cov(draws.T), matrix, atol=0.05 * matrix.max())


def test_its_fisher_is_that_of_drawn_labels(samplers, task, start):
    metric = samplers.dense_fisher(task)
    keys = jax.random.split(jax.random.key(2), 4000)
    mean = jax.lax.map(lambda k: metric.factor(k, start)[0].matrix, keys, batch_size=200).mean(0)
    rows = exact_fisher(task).rows(start).written()
    exact = rows.T @ rows
    assert np.linalg.norm(mean - exact) < 0.02 * np.linalg.norm(exact)


def test_each_sampler_with_a_metric_has_its_twin(samplers, task, start):
    names = {name for name, twins in samplers.samplers(task).items() if twins.dense is None}
    assert names == {"langevin", "mala", "sgd", "sgld", "sghmc", "psgld"}
