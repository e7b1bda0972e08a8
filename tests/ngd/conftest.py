"""Toy tasks with users' own pytrees, and z-tests."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd import hardware
from ngd.metrics import Metric
from ngd.task import Task


class Toy(NamedTuple):
    """A task and parameters at which to test it."""

    task: Task
    params: Any


def logistic_logits(params, x):
    margin = x @ params["w"]
    return jnp.stack([jnp.zeros_like(margin), margin], axis=1)


def softmax_logits(params, x):
    return x @ params["w"].T + params["bias"]


def mlp_logits(params, x):
    hidden = jnp.tanh(x @ params["layers"][0] + params["bias"])
    return hidden @ params["layers"][1]


def _toy(name: str) -> Toy:
    rng = np.random.default_rng(7)
    normal = lambda *shape: jnp.asarray(rng.normal(size=shape))  # noqa: E731
    if name == "logistic":
        x = normal(12, 3)
        task = Task(logistic_logits, x, jnp.asarray(rng.integers(0, 2, 12)))
        return Toy(task, {"w": normal(3)})
    if name == "softmax":
        x = normal(10, 3)
        task = Task(softmax_logits, x, jnp.asarray(rng.integers(0, 4, 10)))
        return Toy(task, {"w": normal(4, 3), "bias": normal(4)})
    x = normal(9, 2)
    task = Task(mlp_logits, x, jnp.asarray(rng.integers(0, 3, 9)))
    return Toy(task, {"layers": [normal(2, 4), normal(4, 3)], "bias": normal(4)})


@pytest.fixture
def accelerator(monkeypatch):
    """The arithmetic that is chosen on a GPU, done by the CPU."""
    monkeypatch.setattr(hardware, "accelerated", lambda: True)


@pytest.fixture
def toy() -> Callable[[str], Toy]:
    """`toy("logistic" | "softmax" | "mlp")`, in the precision in force when it is called."""
    return _toy


@pytest.fixture(params=["logistic", "softmax", "mlp"])
def any_toy(request, x64) -> Toy:
    """Each of the toys, in double precision."""
    return _toy(request.param)


@pytest.fixture
def gaussian() -> Callable[..., Task]:
    """`gaussian(curvature, centre, examples)`: C/N = (ω-c)ᵀA(ω-c)/2 whatever the labels."""

    def build(curvature, centre, examples):
        a, c = jnp.asarray(curvature), jnp.asarray(centre)
        return Task(
            logits=lambda params, x: jnp.zeros((x.shape[0], 2)),
            x=jnp.zeros((examples, 1)),
            y=jnp.zeros(examples, int),
            regulariser=lambda params: 0.5 * (params["w"] - c) @ a @ (params["w"] - c),
        )

    return build


@pytest.fixture
def least_squares() -> Callable[..., Task]:
    """`least_squares(curvature, points)`: L_i = 1 + (ω-x_i)ᵀH(ω-x_i)/2, as a cross entropy.

    The minibatch gradient is H(ω - mean of the batch's x_i), so that its noise does not
    depend on ω and a chain's covariance is known exactly.
    """

    def build(curvature, points):
        h, x = jnp.asarray(curvature), jnp.asarray(points)

        def logits(params, x):
            apart = params["w"] - x
            loss = 1 + 0.5 * jnp.einsum("ni,ij,nj->n", apart, h, apart)
            return jnp.stack([-loss, jnp.log(-jnp.expm1(-loss))], axis=1)

        return Task(logits, x, jnp.zeros(x.shape[0], int))

    return build


@pytest.fixture
def constant() -> Callable[..., Metric]:
    """`constant(task, U)`: the metric UᵀU everywhere."""

    def build(task, rows):
        return Metric(
            task,
            init=lambda position: (),
            estimate=lambda rng_key, position, memory: (jnp.asarray(rows), memory),
        )

    return build


@pytest.fixture
def z_scores() -> Callable[..., np.ndarray]:
    """`z_scores(draws, expected)`: how many standard errors the mean of iid draws is off."""

    def score(draws, expected):
        draws = np.asarray(draws, float)
        error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
        off = draws.mean(axis=0) - np.asarray(expected)
        # A component which never varies must be exact, up to rounding.
        tiny = 1e-6 * (np.abs(draws).max(axis=0) + 1e-12)
        return off / np.maximum(error, tiny)

    return score


@pytest.fixture
def assert_moments(z_scores) -> Callable[..., None]:
    """`assert_moments(draws, mean, covariance)`: iid draws (n, P) have these, |z| < 4.5.

    Draws of shape (n, t, P) are t dependent draws of each of n independent chains.
    """

    def check(draws, mean, covariance):
        draws = np.asarray(draws, float)
        draws = draws[:, None] if draws.ndim == 2 else draws
        apart = draws - np.asarray(mean)
        products = np.einsum("nti,ntj->nij", apart, apart) / draws.shape[1]
        upper = np.triu_indices(draws.shape[2])
        assert np.abs(z_scores(draws.mean(axis=1), mean)).max() < 4.5
        assert np.abs(z_scores(products[:, *upper], np.asarray(covariance)[upper])).max() < 4.5

    return check


@pytest.fixture
def assert_is_its_matrix(assert_moments) -> Callable[..., None]:
    """`assert_is_its_matrix(metric, params, key, damping, exact)`: G + δI acts as `exact` does."""

    def check(metric, params, key, damping, exact):
        v = np.linspace(-1, 2, len(exact))

        @jax.jit
        def ours(key, v, keys):
            damped, _ = metric.damped(key, params, (), damping)
            found = damped.times(v), damped.solve(v).x, damped.log_determinant()
            return *found, jax.vmap(damped.noise)(keys)

        keys = jax.random.split(jax.random.key(1), 4000)
        product, solution, determinant, noise = ours(key, jnp.asarray(v), keys)
        np.testing.assert_allclose(product, exact @ v, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(solution, np.linalg.solve(exact, v), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(determinant, np.linalg.slogdet(exact)[1], rtol=1e-9)
        assert_moments(noise, np.zeros(len(exact)), exact)

    return check


@pytest.fixture
def chains() -> Callable[..., np.ndarray]:
    """`chains(algorithm, position, n, burn_in, samples, every)`: (n, samples, P) in one jit."""

    def run(algorithm, position, n, burn_in, samples=1, every=1, seed=0):
        def advance(state, keys):
            return jax.lax.scan(lambda s, k: (algorithm.step(k, s)[0], None), state, keys)[0]

        @jax.jit
        @jax.vmap
        def chain(key):
            key_burn, key_keep = jax.random.split(key)
            state = advance(algorithm.init(position), jax.random.split(key_burn, burn_in))

            def keep(state, keys):
                state = advance(state, keys)
                return state, jax.flatten_util.ravel_pytree(state.position)[0]

            return jax.lax.scan(keep, state, jax.random.split(key_keep, (samples, every)))[1]

        return np.asarray(chain(jax.random.split(jax.random.key(seed), n)), float)

    return run
