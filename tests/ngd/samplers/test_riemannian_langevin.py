"""The drift that eq. (4) lacks, and the density which it then samples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngd.metrics import exact_fisher
from ngd.metrics.metric import memoryless
from ngd.samplers import preconditioned_langevin, riemannian_langevin

DAMPING = 0.3


def metric_at(metric, unravel, w):
    factor = metric.at(unravel(jnp.asarray(w)))
    rows = np.asarray(factor.written(), float)
    return rows.T @ rows + DAMPING * np.eye(len(w))


@pytest.mark.parametrize("k", [0.0, 0.5, 1.7])
def test_the_correction_is_the_divergence_and_the_slope_of_the_prior(any_toy, k):
    """Against central differences of G⁻¹ and of ln|G|, in numpy."""
    flat, unravel = ravel_pytree(any_toy.params)
    metric, w, h = exact_fisher(any_toy.task), np.asarray(flat, float), 1e-5
    divergence, slope = np.zeros(len(w)), np.zeros(len(w))
    for j in range(len(w)):
        step = h * np.eye(len(w))[j]
        up, down = (metric_at(metric, unravel, w + s * step) for s in (1, -1))
        divergence += (np.linalg.inv(up)[:, j] - np.linalg.inv(down)[:, j]) / (2 * h)
        slope[j] = (np.linalg.slogdet(up)[1] - np.linalg.slogdet(down)[1]) / (2 * h)
    expected = divergence + k * np.linalg.solve(metric_at(metric, unravel, w), slope)
    found = riemannian_langevin.correction(metric, any_toy.params, DAMPING, k)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_for_a_hessian_metric_k_of_one_needs_no_correction(toy, x64):
    """Logistic regression's Fisher is one: hence eq. (8) samples e^{-C/T}|G|, not its root."""
    task, params = toy("logistic")
    found = riemannian_langevin.correction(exact_fisher(task), params, DAMPING, 1.0)
    np.testing.assert_allclose(found, 0, atol=1e-12)
    root = riemannian_langevin.correction(exact_fisher(task), params, DAMPING, 0.5)
    assert np.abs(root).max() > 1e-2


def varying(task):
    """G = 1 + ω²."""
    return memoryless(task, lambda key, position: jnp.stack([jnp.ones(1), position["w"]]))


@pytest.mark.parametrize(("k", "second_moment"), [(0.0, 1.0), (1.0, 2.0)])
def test_it_samples_the_density_that_was_aimed_at(gaussian, chains, z_scores, k, second_moment):
    """C = ω²/2 and G = 1 + ω²: E[ω²] of e^{-C}|G|^k is 1 and 2 for k = 0 and 1.

    At two learning rates, for ε -> 0 by extrapolation.
    """
    task = gaussian(np.eye(1), np.zeros(1), 1)
    draws = []
    for rate in (0.1, 0.05):
        algorithm = riemannian_langevin.build(
            varying(task), learning_rate=rate, damping=0.0, temperature=1.0, prior_exponent=k
        )
        draws.append(
            chains(algorithm, {"w": jnp.zeros(1)}, n=10000, burn_in=round(30 / rate), seed=3)[:, 0]
            ** 2
        )
    coarse, fine = (np.asarray(d, float)[:, 0] for d in draws)
    found = 2 * fine.mean() - coarse.mean()
    error = np.hypot(2 * fine.std(), coarse.std()) / 100
    assert abs(found - second_moment) < 4.5 * error + 0.1**2


def test_without_temperature_it_is_preconditioned_langevin(toy, x64):
    task, params = toy("logistic")
    metric = exact_fisher(task)
    ours = riemannian_langevin.build(
        metric, learning_rate=0.2, damping=DAMPING, temperature=0.0, prior_exponent=0.5
    )
    plain = preconditioned_langevin.build(
        metric, learning_rate=0.2, damping=DAMPING, temperature=0.0
    )
    a, _ = ours.step(jax.random.key(1), ours.init(params))
    b, _ = plain.step(jax.random.key(1), plain.init(params))
    np.testing.assert_allclose(a.position["w"], b.position["w"], rtol=1e-12)


def test_parameters_far_out_keep_it_finite(toy):
    """Where probabilities underflow in single precision the drift still is a number."""
    task, params = toy("logistic")
    far = {"w": 200.0 * params["w"]}
    found = riemannian_langevin.correction(exact_fisher(task), far, DAMPING, 0.5)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be > 0, got 0.0"),
        ({"damping": -1.0}, "damping must be >= 0, got -1.0"),
        ({"temperature": -1.0}, "temperature must be >= 0, got -1.0"),
        ({"prior_exponent": float("nan")}, "prior_exponent must be finite, got nan"),
    ],
)
def test_bad_arguments_are_named(toy, wrong, says):
    task, _ = toy("logistic")
    given = {"learning_rate": 0.1, "damping": 0.1, "temperature": 1.0, **wrong}
    with pytest.raises(ValueError, match=says):
        riemannian_langevin.build(exact_fisher(task), **given)
