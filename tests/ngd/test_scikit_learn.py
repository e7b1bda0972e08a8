"""Two data sets that ship with scikit-learn, sampled in two ways each, against NUTS."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from sklearn.datasets import load_breast_cancer, load_diabetes
from tests import gold

import ngd
from ngd.likelihood import bernoulli, gaussian_with_scale
from ngd.metrics import exact_fisher

RATE = 0.05
"""ε times the largest curvature: deviations are up to 1.3% too large."""


def standardised(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)


def breast_cancer():
    """Whether a tumour is benign, by its texture, smoothness and compactness."""
    x, y = load_breast_cancer(return_X_y=True)
    x = standardised(x[:120, [1, 4, 5]])

    def log_odds(params, x):
        return (x @ params["w"] + params["b"])[:, None]

    start = {"w": jnp.zeros(3), "b": jnp.zeros(())}
    return ngd.Task(
        log_odds, x, y[:120], likelihood=bernoulli, prior=ngd.gaussian_prior(2.0)
    ), start


def diabetes():
    """How far it goes in a year, by body mass index and blood pressure; the noise is learnt."""
    x, y = load_diabetes(return_X_y=True)
    x, y = standardised(x[:120, [2, 3]]), standardised(y[:120])

    def outputs(params, x):
        mean = x @ params["w"] + params["b"]
        return jnp.stack([mean, jnp.full(len(x), params["log_sd"])], axis=1)

    start = {"w": jnp.zeros(2), "b": jnp.zeros(()), "log_sd": jnp.zeros(())}
    task = ngd.Task(outputs, x, y, likelihood=gaussian_with_scale, prior=ngd.gaussian_prior(2.0))
    return task, start


SETS = {"breast_cancer": breast_cancer, "diabetes": diabetes}


@cache
def reference(name):
    task, start = SETS[name]()
    return gold.moments(gold.nuts(task, start, 16, 500))


def langevin(task, start):
    best = ngd.laplace.minimise(task, start)
    steepest = np.linalg.eigvalsh(ngd.laplace.hessian(task, best) / task.examples)[-1]
    return ngd.langevin(task, learning_rate=RATE / steepest)


def riemannian_langevin(task, start):
    damping = 1 / (task.examples * 2.0**2)
    return ngd.riemannian_langevin(exact_fisher(task), learning_rate=RATE, damping=damping)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("build", [langevin, riemannian_langevin])
def test_means_and_deviations_are_those_of_nuts(unchecked, name, build):
    task, start = SETS[name]()
    samples = ngd.sample(
        jax.random.key(0), build(task, start), start, chains=32, burn_in=200, draws=100, thin=40
    )
    draws = jax.vmap(jax.vmap(lambda params: ravel_pytree(params)[0]))(samples.draws)
    ours, our_error = gold.moments(np.asarray(draws, float))
    theirs, their_error = reference(name)
    p = len(ours) // 2
    error = np.hypot(our_error, their_error)[:p]
    assert np.abs((ours[:p] - theirs[:p]) / error).max() < 4
    # The errors are small: a mean that is off by an eighth of a deviation is found.
    assert (error < np.sqrt(theirs[p:]) / 32).all()
    np.testing.assert_allclose(np.sqrt(ours[p:]), np.sqrt(theirs[p:]), rtol=0.05)
    assert samples.measured.value == pytest.approx(1, rel=0.1)
