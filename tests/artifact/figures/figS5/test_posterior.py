"""The samplers of Fig. S5 against closed forms and plain loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.artifact import small

from artifact.engine import thinning
from artifact.figures.fig5_6 import mlp
from artifact.figures.figS5 import posterior
from ngd import likelihood
from ngd.samplers import langevin
from ngd.task import Task, flatten, l2

N, P = 30, 3
IMAGES = small.noisy_images()


def regression():
    """A posterior that is a Gaussian at every T: its task, and A of the mean cost's Hessian."""
    x = jax.random.normal(jax.random.key(0), (N, P))
    y = x @ jnp.array([1.0, -1.0, 0.5]) + jax.random.normal(jax.random.key(1), (N,))
    task = Task(lambda w, x: x @ w[:, None], x, y, l2(0.1), likelihood=likelihood.gaussian(1.0))
    return task, np.asarray(x.T @ x / N + 0.1 * jnp.eye(P), float)


def path(sampler, updates, chains=200, start=0.0):
    state = jax.vmap(sampler.init)(jnp.full((chains, P), start))

    def body(state, key):
        state, info = jax.vmap(sampler.step)(jax.random.split(key, chains), state)
        return state, (state.position, info)

    return jax.lax.scan(body, state, jax.random.split(jax.random.key(2), updates))[1]


@pytest.mark.parametrize("temperature", [0.25, 4.0])
def test_hamiltonian_monte_carlo_is_exact_on_a_gaussian_at_each_temperature(temperature):
    task, hessian = regression()
    sampler = posterior.hamiltonian(task, 0.3, temperature, 3)
    draws, info = jax.jit(lambda: path(sampler, 60))()
    assert 0.5 < float(info.acceptance.mean()) < 0.99
    x, y = np.asarray(task.x, float), np.asarray(task.y, float)
    mean = np.linalg.solve(N * hessian, x.T @ y)
    root = np.linalg.cholesky(N * hessian / temperature)
    # Whitened: of 200 chains that share nothing, each at the end of 60 updates.
    z = (np.asarray(draws[-1], float) - mean) @ root
    assert np.abs(z.mean(axis=0)).max() < 4 / np.sqrt(200)
    apart = z.T @ z / 200 - np.eye(P)
    assert np.abs(apart / np.sqrt(1 + np.eye(P))).max() < 4 / np.sqrt(200)


def test_a_leapfrog_step_is_as_long_as_langevins_of_the_same_learning_rate():
    """Of so small an ε that all proposals are taken: Δω has the variance 2εT/N, and no more."""
    task, _ = regression()
    rate, temperature = 1e-4, 4.0
    start = 1.0
    first, info = path(posterior.hamiltonian(task, rate, temperature, 1), 1, 4000, start)
    moved = np.asarray(first[0], float) - start
    scale = np.sqrt(2 * rate * temperature / N)
    assert (moved / scale).std() == pytest.approx(1, abs=4 / np.sqrt(2 * moved.size))
    assert float(info.acceptance.min()) > 0.9


def test_a_thinned_sampler_is_the_sampler():
    task, _ = regression()
    every = langevin.build(task, learning_rate=0.1, temperature=1.0)
    few = thinning.thinned(every, 3)
    key = jax.random.key(4)
    state, told = jax.jit(few.step)(key, few.init(jnp.zeros(P)))
    plain = every.init(jnp.zeros(P))
    for one in jax.random.split(key, 3):
        plain, info = every.step(one, plain)
    np.testing.assert_allclose(state.position, plain.position, rtol=1e-5)
    np.testing.assert_allclose(told.length, info.length, rtol=1e-4)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("name", ["hmc", "eq8", "langevin"])
def test_it_has_fig5s_training_sets_and_starts_there_or_elsewhere(name, again):
    sizes = {"examples": [40], "hidden": 5, "projected_inputs": 4, "fisher_examples": 16}
    sweep = small.settings(f"figS5_{name}", temperatures=[0.5], steps=2, again=again, **sizes)
    fig5 = small.settings("fig5", temperatures=[0.5], **sizes)
    ours = posterior.experiment(sweep, 40, 9, IMAGES)
    theirs = mlp.experiment(fig5, 40, 9, IMAGES)
    for seed in (0, 3):
        np.testing.assert_array_equal(ours.train(seed).x, theirs.train(seed).x)
        np.testing.assert_array_equal(ours.test(seed).x, theirs.test(seed).x)
        same = flatten(ours.position(seed)) == flatten(theirs.position(seed))
        assert same.all() == (not again)
    (point,) = sweep.points()
    sampler = ours.algorithm(ours.task(ours.train(0)), point)
    state, info = sampler.step(jax.random.key(0), sampler.init(ours.position(0)))
    assert np.isfinite(info.length)
    assert flatten(state.position).shape == (70,)
