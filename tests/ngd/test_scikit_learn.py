"""A data set that ships with scikit-learn, sampled in two ways, against NUTS."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from sklearn.datasets import load_breast_cancer
from tests import gold

import ngd
from ngd.likelihood import bernoulli
from ngd.metrics import exact_fisher

RATE = 0.05
"""ε times the largest curvature: deviations are up to 1.3% too large."""
SD = 2.0
"""Of the prior."""


def breast_cancer():
    """Whether a tumour is benign, by its texture and smoothness."""
    x, y = load_breast_cancer(return_X_y=True)
    x, y = x[::5, [1, 4]], y[::5]
    x = (x - x.mean(axis=0)) / x.std(axis=0)

    def log_odds(params, x):
        return (x @ params["w"] + params["b"])[:, None]

    start = {"w": jnp.zeros(2), "b": jnp.zeros(())}
    task = ngd.Task(log_odds, x, y, likelihood=bernoulli, prior=ngd.gaussian_prior(SD))
    return task, start


@pytest.fixture(scope="module")
def reference():
    task, start = breast_cancer()
    return gold.moments(gold.nuts(task, start, 16, 1000))


def langevin(task, start):
    best = ngd.laplace.minimise(task, start)
    steepest = np.linalg.eigvalsh(ngd.laplace.hessian(task, best) / task.examples)[-1]
    return ngd.langevin(task, learning_rate=RATE / float(steepest))


def riemannian_langevin(task, start):
    damping = 1 / (task.examples * SD**2)
    return ngd.riemannian_langevin(exact_fisher(task), learning_rate=RATE, damping=damping)


@pytest.mark.parametrize("build", [langevin, riemannian_langevin])
def test_means_and_deviations_are_those_of_nuts(unchecked, reference, build):
    task, start = breast_cancer()
    samples = ngd.sample(
        jax.random.key(0), build(task, start), start, chains=32, burn_in=200, draws=100, thin=40
    )
    draws = jax.vmap(jax.vmap(lambda params: ravel_pytree(params)[0]))(samples.draws)
    ours, our_error = gold.moments(np.asarray(draws, float))
    theirs, their_error = reference
    p = len(ours) // 2
    error = np.hypot(our_error, their_error)[:p]
    assert np.abs((ours[:p] - theirs[:p]) / error).max() < 4
    # The errors are small: a mean that is off by an eighth of a deviation is found.
    assert (error < np.sqrt(theirs[p:]) / 32).all()
    np.testing.assert_allclose(np.sqrt(ours[p:]), np.sqrt(theirs[p:]), rtol=0.05)
    assert samples.measured.value == pytest.approx(1, rel=0.1)
