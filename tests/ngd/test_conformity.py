"""What every sampler and every metric keeps to; the lists are complete by assertion."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd import metrics, samplers
from ngd.metrics import (
    diagonal_fisher,
    empirical_fisher,
    exact_fisher,
    gradient_covariance,
    kfac,
    logistic_fisher,
    moving_average,
    quasi_diagonal,
    sampled_fisher,
)
from ngd.samplers import (
    Info,
    SamplingAlgorithm,
    constant_sgd,
    full_ngd,
    iterate_averaging,
    langevin,
    mala,
    mandt,
    noisy_ngd,
    preconditioned_langevin,
    psgld,
    riemannian_langevin,
    riemannian_mala,
    riemannian_ngd,
    sgd,
    sgfs,
    sghmc,
    sgld,
    sgrld,
    sgrld_simplex,
    stochastic_ngd,
)
from ngd.task import flatten


def mlp_position():
    """Parameters of the toy "mlp", at which gradients differ from one another."""
    layers = [jnp.linspace(-1.0, 1.0, 8).reshape(2, 4), jnp.linspace(-1.0, 2.0, 12).reshape(4, 3)]
    return {"layers": layers, "bias": jnp.linspace(-0.5, 0.5, 4)}


SAMPLERS = {
    "constant_sgd": lambda task: constant_sgd.build(
        task, mlp_position(), preconditioner="diagonal", batch_size=4, temperature=0.1
    ),
    "full_ngd": lambda task: full_ngd.build(exact_fisher(task), learning_rate=0.1, damping=0.3),
    "iterate_averaging": lambda task: iterate_averaging.build(
        sgd.build(task, learning_rate=0.1, batch_size=4), window=3
    ),
    "langevin": lambda task: langevin.build(task, learning_rate=0.1, temperature=1.0),
    "mala": lambda task: mala.build(task, learning_rate=0.1, temperature=1.0),
    "mandt": lambda task: mandt.build(task, learning_rate=0.1, damping=0.3, batch_size=4),
    "noisy_ngd": lambda task: noisy_ngd.build(
        kfac(task, 5, smoothing=0.5), learning_rate=0.1, damping=0.3, batch_size=4
    ),
    "preconditioned_langevin": lambda task: preconditioned_langevin.build(
        moving_average(sampled_fisher(task, 5), 0.5), learning_rate=0.1, damping=0.3
    ),
    "psgld": lambda task: psgld.build(task, learning_rate=0.1, batch_size=4, correction=True),
    "riemannian_langevin": lambda task: riemannian_langevin.build(
        exact_fisher(task), learning_rate=0.1, damping=0.3
    ),
    "riemannian_mala": lambda task: riemannian_mala.build(
        exact_fisher(task), learning_rate=0.1, damping=0.3
    ),
    "riemannian_ngd": lambda task: riemannian_ngd.build(
        exact_fisher(task), learning_rate=0.1, damping=0.3, batch_size=4
    ),
    "sgd": lambda task: sgd.build(task, learning_rate=0.1, batch_size=4),
    "sgfs": lambda task: sgfs.build(task, batch_size=4, injected=0.5, damping=0.3),
    "sghmc": lambda task: sghmc.build(task, learning_rate=0.1, friction=0.3, batch_size=4),
    "sgld": lambda task: sgld.build(task, learning_rate=sgld.polynomial(0.1, 1.0), batch_size=4),
    "sgrld": lambda task: sgrld.build(
        exact_fisher(task), learning_rate=0.1, damping=0.3, batch_size=4
    ),
    "sgrld_simplex": lambda task: sgrld_simplex.build(
        [0, 1, 1, 2, 2, 2], concentration=[1.0, 2.0, 1.0], learning_rate=0.1, batch_size=4
    ),
    "stochastic_ngd": lambda task: stochastic_ngd.build(
        moving_average(sampled_fisher(task, 5), 0.5),
        learning_rate=0.1,
        damping=0.3,
        batch_size=4,
    ),
}
"""A sampler of each kind, those with a memory among them."""

METRICS = {
    "diagonal_fisher": lambda task: diagonal_fisher(task, 5, smoothing=0.5),
    "empirical_fisher": empirical_fisher,
    "exact_fisher": exact_fisher,
    "gradient_covariance": gradient_covariance,
    "kfac": lambda task: kfac(task, 5, smoothing=0.5),
    "logistic_fisher": logistic_fisher,
    "moving_average": lambda task: moving_average(sampled_fisher(task, 5), 0.5),
    "quasi_diagonal": lambda task: quasi_diagonal(task, 5, smoothing=0.5),
    "sampled_fisher": lambda task: sampled_fisher(task, 5),
}

ROWLESS = {"diagonal_fisher", "kfac", "quasi_diagonal"}
"""Those that are no UᵀU."""

NOISELESS = {"full_ngd"}


def built(name, toy):
    """A sampler, its task and where it starts; that of the simplex has a task of its own."""
    task, params = toy("mlp")
    sampler = SAMPLERS[name](task)
    if name == "sgrld_simplex":
        return sampler, sampler.settings.task, jnp.array([1.0, 2.0, 0.5])
    return sampler, task, params


def same(first, second):
    return jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), first, second))


def test_every_public_sampler_and_metric_is_in_the_lists():
    assert set(SAMPLERS) == set(samplers.__all__) - {"Info", "SamplingAlgorithm"}
    assert set(METRICS) == set(metrics.__all__) - {"Metric"}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_is_init_and_step(name, toy, x64):
    """Pure functions of a key and a state, fit for `jit`, `scan` and `vmap`, of any pytree."""
    sampler, task, params = built(name, toy)
    assert isinstance(sampler, SamplingAlgorithm)
    assert sampler.settings.task is task
    start = sampler.init(params)
    assert same(start.position, params)
    keys = jax.random.split(jax.random.key(0), 4)

    def chain(keys):
        return jax.lax.scan(lambda state, key: sampler.step(key, state), start, keys)

    end, told = jax.jit(chain)(keys)
    # A state keeps its structure, shapes and precisions, whatever the sampler remembers.
    assert jax.tree.structure(end) == jax.tree.structure(start)
    for before, after in zip(jax.tree.leaves(start), jax.tree.leaves(end), strict=True):
        assert (before.shape, before.dtype) == (after.shape, after.dtype)
    assert isinstance(told, Info)
    # Only a test tells an acceptance, and only a refusal keeps a chain where it is.
    tested = sampler.settings.metropolis
    assert (np.isfinite(told.acceptance) == tested).all()
    rest = told._replace(acceptance=jnp.zeros(()))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(rest))
    assert ((np.asarray(told.length) > 0) | (np.asarray(told.acceptance) < 1)).all()
    assert np.asarray(told.length).max() > 0
    # Of one key one chain, alone or abreast; of others others.
    others = jnp.stack([keys, jax.random.split(jax.random.key(1), 4)])
    abreast, _ = jax.jit(jax.vmap(chain))(others)
    flat = jax.vmap(flatten)(abreast.position)
    np.testing.assert_allclose(flat[0], flatten(end.position), rtol=1e-9)
    assert (np.abs(flat[0] - flat[1]).max() > 1e-9) == (name not in NOISELESS)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_chain_in_pieces_is_the_chain_whole(name, toy, x64):
    """A state holds all that the next step needs: it goes through NumPy and back."""
    sampler, task, params = built(name, toy)
    step = jax.jit(sampler.step)
    keys = jax.random.split(jax.random.key(0), 6)
    whole = sampler.init(params)
    for key in keys:
        whole, _ = step(key, whole)
    pieces = SAMPLERS[name](task).init(params)
    for number, key in enumerate(keys):
        if number == 3:
            pieces = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), pieces)
        pieces, _ = step(key, pieces)
    assert same(whole, pieces)


@pytest.mark.parametrize("name", sorted(METRICS.keys() - ROWLESS))
def test_a_metric_is_its_factor(name, toy, x64):
    """U of shape (m, P), whose products, solves and determinant are those of UᵀU + δI."""
    task, params = toy("logistic")
    metric = METRICS[name](task)
    assert metric.task is task
    estimate = jax.jit(metric.factor)
    memory = metric.init(params)
    first, after = estimate(jax.random.key(0), params, memory)
    assert jax.tree.structure(after) == jax.tree.structure(memory)
    other, _ = estimate(jax.random.key(1), params, memory)
    u = np.asarray(first.written())
    assert u.shape == first.shape
    assert u.shape[1] == flatten(params).size
    # Without chance a metric does not depend on the key, with chance it does.
    assert same(first, other) == metric.pure
    if metric.pure:
        assert jax.tree.leaves(memory) == []
        np.testing.assert_allclose(metric.at(params).written(), u, atol=1e-14)
    v, z = np.linspace(-1, 1, u.shape[1]), np.linspace(-1, 2, u.shape[0])
    np.testing.assert_allclose(first.times(jnp.asarray(v)), u @ v, atol=1e-12)
    np.testing.assert_allclose(first.transpose_times(jnp.asarray(z)), z @ u, atol=1e-12)
    np.testing.assert_allclose(first.squared_norms(), (u**2).sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(np.tril(first.gram()), np.tril(u @ u.T), atol=1e-12)
    matrix = u.T @ u
    np.testing.assert_allclose(np.tril(first.second_moment()), np.tril(matrix), atol=1e-12)
    np.testing.assert_allclose(first.take(jnp.array([1])).written(), u[[1]], atol=1e-12)
    damped, _ = metric.damped(jax.random.key(0), params, memory, 0.3)
    matrix = matrix + 0.3 * np.eye(len(matrix))
    np.testing.assert_allclose(damped.times(jnp.asarray(v)), matrix @ v)
    np.testing.assert_allclose(damped.solve(jnp.asarray(v)).x, np.linalg.solve(matrix, v))
    np.testing.assert_allclose(damped.log_determinant(), np.linalg.slogdet(matrix)[1])


def matrix(damped, size):
    return np.asarray(jax.jit(jax.vmap(damped.times))(jnp.eye(size)))


@pytest.mark.parametrize("name", sorted(ROWLESS))
def test_a_metric_without_rows_is_its_matrix(name, toy, x64):
    """Symmetric, its solve and its determinant those of the product; with chance and memory."""
    task, params = toy("softmax")
    metric, v = METRICS[name](task), np.linspace(-1, 1, 16)
    assert metric.task is task
    assert not metric.pure
    memory = metric.init(params)
    estimate = jax.jit(metric.factor)
    first, after = estimate(jax.random.key(0), params, memory)
    assert jax.tree.structure(after) == jax.tree.structure(memory)
    other, _ = estimate(jax.random.key(1), params, memory)
    assert not same(first, other)
    damped = first.damped(0.3)
    whole = matrix(damped, 16)
    np.testing.assert_allclose(whole, whole.T, atol=1e-12)
    np.testing.assert_allclose(damped.solve(jnp.asarray(v)).x, np.linalg.solve(whole, v))
    np.testing.assert_allclose(damped.log_determinant(), np.linalg.slogdet(whole)[1])


@pytest.mark.parametrize("name", METRICS)
def test_a_metrics_noise_has_its_covariance(name, toy, x64, assert_moments):
    task, params = toy("softmax" if name in ROWLESS else "logistic")
    metric = METRICS[name](task)
    damped, _ = metric.damped(jax.random.key(0), params, metric.init(params), 0.3)
    size = flatten(params).size
    draws = jax.jit(jax.vmap(damped.noise))(jax.random.split(jax.random.key(1), 20_000))
    assert_moments(draws, np.zeros(size), matrix(damped, size))
