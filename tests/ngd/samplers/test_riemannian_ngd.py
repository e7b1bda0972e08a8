"""Stochastic NGD with a prior of one's choice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd.metrics import exact_fisher
from ngd.metrics.metric import memoryless
from ngd.samplers import riemannian_langevin, riemannian_ngd, stochastic_ngd
from ngd.task import Task
from ngd.theorem_2 import temperature


def test_an_update_is_that_of_stochastic_ngd_and_the_correction(toy, x64):
    task, params = toy("logistic")
    metric, rate, damping, batch, k = exact_fisher(task), 0.2, 0.3, 2, 0.5
    ours = riemannian_ngd.build(
        metric, learning_rate=rate, damping=damping, batch_size=batch, prior_exponent=k
    )
    plain = stochastic_ngd.build(metric, learning_rate=rate, damping=damping, batch_size=batch)
    found, info = ours.step(jax.random.key(1), ours.init(params))
    without, _ = plain.step(jax.random.key(1), plain.init(params))
    extra = riemannian_langevin.correction(metric, params, damping, k)
    share = rate * temperature(rate, task.examples, batch) / task.examples
    expected = without.position["w"].ravel() + share * extra
    np.testing.assert_allclose(found.position["w"].ravel(), expected, rtol=1e-12)
    assert float(info.length) == pytest.approx(
        float(jnp.linalg.norm(expected - params["w"].ravel())), rel=1e-12
    )
    assert np.abs(share * extra).max() > 1e-4


def varying(task):
    """G = 1 + ω²."""
    return memoryless(task, lambda key, position: jnp.stack([jnp.ones(1), position["w"]]))


def noisy(curvature, examples):
    """C/N = aω²/2, half of the examples' gradients above it by (1 + ω²)^{1/2}, half below.

    So the noise of a minibatch has the covariance of the metric G = 1 + ω² at every ω.
    """

    def logits(params, x):
        w = params["w"][0]
        root = jnp.sqrt(1 + w**2)
        loss = 30 + x[:, 0] * 0.5 * (w * root + jnp.arcsinh(w))  # > 0, as a cross entropy is
        return jnp.stack([-loss, jnp.log(-jnp.expm1(-loss))], axis=1)

    x = jnp.where(jnp.arange(examples) % 2 == 0, 1.0, -1.0)[:, None]
    slope = Task(logits, x, jnp.zeros(examples, int))
    return slope._replace(regulariser=lambda params: 0.5 * curvature * jnp.sum(params["w"] ** 2))


@pytest.mark.parametrize(("k", "second_moment"), [(0.0, 1.0), (1.0, 2.0)])
def test_it_samples_the_density_that_was_aimed_at(chains, k, second_moment):
    """e^{-C/T}|G|^k with C/T = ω²/2: E[ω²] is 1 and 2; without the correction always 2."""
    rate, examples = 0.1, 100
    curvature = temperature(rate, examples, 1) / examples
    algorithm = riemannian_ngd.build(
        varying(noisy(curvature, examples)),
        learning_rate=rate,
        damping=0.0,
        batch_size=1,
        prior_exponent=k,
    )
    draws = chains(algorithm, {"w": jnp.zeros(1)}, n=4000, burn_in=2000, seed=3)[:, 0] ** 2
    error = draws.std() / np.sqrt(len(draws))
    assert abs(draws.mean() - second_moment) < 4.5 * error
    assert error < 0.1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be > 0, got 0.0"),
        ({"damping": -1.0}, "damping must be >= 0, got -1.0"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_bad_arguments_are_named(toy, wrong, says):
    task, _ = toy("logistic")
    given = {"learning_rate": 0.1, "damping": 0.1, "batch_size": 2, **wrong}
    with pytest.raises(ValueError, match=says):
        riemannian_ngd.build(exact_fisher(task), **given)
