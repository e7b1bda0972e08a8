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
from ngd.likelihood import bernoulli, gaussian
from ngd.metrics import exact_fisher

RATE = 0.05
"""ε times the largest curvature: deviations are up to 1.3% too large."""
SD = 2.0
"""Of the prior."""


def standardised(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)


def breast_cancer():
    """Whether a tumour is benign, by its texture and smoothness."""
    x, y = load_breast_cancer(return_X_y=True)
    x, y = standardised(x[::5, [1, 4]]), y[::5]

    def log_odds(params, x):
        return (x @ params["w"] + params["b"])[:, None]

    start = {"w": jnp.zeros(2), "b": jnp.zeros(())}
    task = ngd.Task(log_odds, x, y, likelihood=bernoulli, prior=ngd.gaussian_prior(SD))
    return task, start


def diabetes():
    """How far it goes in a year, by body mass index, blood pressure and a lipid."""
    x, y = load_diabetes(return_X_y=True)
    x, y = standardised(x[:100, [2, 3, 8]]), standardised(y[:100])

    def mean(params, x):
        return (x @ params["w"] + params["b"])[:, None]

    start = {"w": jnp.zeros(3), "b": jnp.zeros(())}
    task = ngd.Task(mean, x, y, likelihood=gaussian(0.8), prior=ngd.gaussian_prior(SD))
    return task, start


SETS = {"breast_cancer": breast_cancer, "diabetes": diabetes}


@cache
def reference(name):
    task, start = SETS[name]()
    return gold.moments(gold.nuts(task, start, 16, 1000))


def langevin(task, start):
    best = ngd.laplace.minimise(task, start)
    steepest = np.linalg.eigvalsh(ngd.laplace.hessian(task, best) / task.examples)[-1]
    return ngd.langevin(task, learning_rate=RATE / float(steepest))


def metric(build):
    def built(task, start):
        damping = 1 / (task.examples * SD**2)
        return build(exact_fisher(task), learning_rate=RATE, damping=damping)

    return built


CASES = {
    "breast_cancer, langevin": langevin,
    "breast_cancer, riemannian_langevin": metric(ngd.riemannian_langevin),
    "diabetes, langevin": langevin,
    # The metric does not vary here, so that no correction is due.
    "diabetes, preconditioned_langevin": metric(ngd.preconditioned_langevin),
}


@pytest.mark.parametrize("case", CASES)
def test_means_and_deviations_are_those_of_nuts(unchecked, case):
    name = case.partition(",")[0]
    task, start = SETS[name]()
    samples = ngd.sample(
        jax.random.key(0), CASES[case](task, start), start, chains=32, burn_in=200, draws=100,
        thin=40,
    )  # fmt: skip
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
