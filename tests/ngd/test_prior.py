"""The implicit prior against numpy's determinant, and its shape in one dimension."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd.prior import log_implicit_prior


@pytest.mark.parametrize("delta", [1e-4, 1e-2, 1.0])
def test_prior_is_half_numpys_log_determinant_of_the_damped_fisher(toy, x64, delta):
    task, params = toy("logistic")
    x = np.asarray(task.x)
    p = 1 / (1 + np.exp(-x @ np.asarray(params["w"])))
    fisher = (x * (p * (1 - p))[:, None]).T @ x / len(x)
    expected = 0.5 * np.linalg.slogdet(fisher + delta * np.eye(3))[1]
    assert log_implicit_prior(task, params, delta) == pytest.approx(expected, rel=1e-12)


def test_prior_does_not_depend_on_the_labels(any_toy):
    task, params = any_toy
    other = task._replace(y=(task.y + 1) % 2)
    assert log_implicit_prior(task, params, 0.1) == log_implicit_prior(other, params, 0.1)


def test_jeffreys_prior_follows_a_change_of_parameters(toy, x64):
    """With ω = Mv, the density of v is that of ω times |M|."""
    task, params = toy("logistic")
    m = jnp.asarray(np.random.default_rng(0).normal(size=(3, 3)))
    moved = task._replace(logits=lambda v, x: task.logits({"w": m @ v["w"]}, x))
    v = {"w": jnp.linalg.solve(m, params["w"])}
    expected = log_implicit_prior(task, params, 0.0) + np.linalg.slogdet(m)[1]
    assert log_implicit_prior(moved, v, 0.0) == pytest.approx(float(expected), rel=1e-10)


def along(toy, delta):
    """ln of the prior of one-dimensional logistic regression, at growing |w|."""
    task, _ = toy("logistic")
    task = task._replace(x=task.x[:, :1])
    scales = jnp.array([0.0, 1.0, 2.0, 4.0, 8.0, 16.0])
    prior = jax.vmap(lambda w: log_implicit_prior(task, {"w": w[None]}, delta))
    np.testing.assert_allclose(prior(scales), prior(-scales), rtol=1e-10)
    return np.asarray(prior(scales))


def test_jeffreys_prior_falls_with_the_norm_of_the_parameters(toy, x64):
    assert (np.diff(along(toy, 0.0)) < 0).all()


def test_damping_flattens_the_prior(toy, x64):
    falls = [np.ptp(along(toy, delta)) for delta in (0.0, 1e-4, 1e-2, 1.0, 1e4)]
    assert (np.diff(falls) < 0).all()
    assert falls[-1] < 1e-4


def test_prior_of_saturated_predictions_is_finite_in_single_precision(toy):
    task, params = toy("softmax")
    params = jax.tree.map(lambda leaf: 1e4 * leaf, params)
    assert jnp.isfinite(log_implicit_prior(task, params, 1e-4))
