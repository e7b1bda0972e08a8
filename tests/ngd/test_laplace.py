"""The Laplace approximation against scipy and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from ngd import laplace
from ngd.task import Task, l2


def cost(task, w, coefficient=0.0):
    """The SUMMED cost of logistic regression in numpy, λ/N = `coefficient`."""
    x, signs = np.asarray(task.x, float), 2 * np.asarray(task.y) - 1
    return np.logaddexp(0, -signs * (x @ w)).sum() + len(x) * 0.5 * coefficient * w @ w


def finite_differences(f, w, h=1e-3):
    """d²f/dω² by central differences, of error h² f''''."""
    eye = h * np.eye(len(w))
    return np.array(
        [
            [(f(w + a + b) - f(w + a - b) - f(w - a + b) + f(w - a - b)) / (4 * h * h) for a in eye]
            for b in eye
        ]
    )


@pytest.mark.parametrize("coefficient", [0.0, 0.5])
def test_hessian_of_the_summed_cost_is_that_of_finite_differences(toy, x64, coefficient):
    task, params = toy("logistic")
    task = task._replace(regulariser=l2(coefficient))
    w = np.asarray(params["w"])
    expected = finite_differences(lambda v: cost(task, v, coefficient), w)
    np.testing.assert_allclose(laplace.hessian(task, params), expected, atol=1e-5)


def test_hessian_of_a_network_is_that_of_finite_differences(toy, x64):
    task, params = toy("mlp")
    flat, unravel = jax.flatten_util.ravel_pytree(params)
    f = jax.jit(
        lambda w: -jax.nn.log_softmax(task.logits(unravel(w), task.x))[jnp.arange(9), task.y].sum()
    )
    expected = finite_differences(lambda w: float(f(w)), np.asarray(flat))
    np.testing.assert_allclose(laplace.hessian(task, params), expected, atol=1e-4)


@pytest.mark.parametrize("coefficient", [0.02, 0.5])
def test_minimise_finds_scipys_minimum(toy, x64, coefficient):
    task, params = toy("logistic")
    task = task._replace(regulariser=l2(coefficient))
    ours = laplace.minimise(task, params, tolerance=1e-9)
    best = minimize(lambda w: cost(task, w, coefficient), np.zeros(3), options={"gtol": 1e-6})
    np.testing.assert_allclose(ours["w"], best.x, atol=1e-4)
    assert cost(task, np.asarray(ours["w"]), coefficient) <= best.fun + 1e-9


def test_minimise_reaches_its_tolerance_in_single_precision(toy):
    task, params = toy("softmax")
    task = task._replace(regulariser=l2(0.1))
    ours = laplace.minimise(task, params)
    assert {leaf.dtype for leaf in jax.tree.leaves(ours)} == {jnp.dtype(jnp.float32)}
    slopes = jax.grad(
        lambda p: (
            -jax.nn.log_softmax(task.logits(p, task.x))[jnp.arange(10), task.y].mean()
            + 0.05 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(p))
        )
    )(ours)
    # The tolerance, and the rounding of a gradient of order 1.
    assert np.linalg.norm(jax.flatten_util.ravel_pytree(slopes)[0]) < 1e-5 + 1e-6


@pytest.mark.parametrize("tolerance", [1e-5, 1e-7])
def test_separable_classes_have_no_minimum(toy, tolerance):
    task, params = toy("logistic")
    separable = task._replace(y=(task.x @ jnp.array([1.0, 2.0, 0.5]) > 0).astype(int))
    with pytest.raises(ValueError, match=r"no minimum of the cost .*separable"):
        laplace.minimise(separable, params, tolerance)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_laplace_is_the_gaussian_of_the_summed_costs_curvature(toy, x64, temperature):
    task, params = toy("logistic")
    task = task._replace(regulariser=l2(0.1))
    minimum = laplace.minimise(task, params, tolerance=1e-8)
    got = laplace.laplace(task, minimum, temperature)
    np.testing.assert_array_equal(got.mean, minimum["w"])
    curvature = finite_differences(lambda v: cost(task, v, 0.1), np.asarray(minimum["w"]))
    np.testing.assert_allclose(got.covariance, temperature * np.linalg.inv(curvature), rtol=1e-4)


def test_laplace_of_a_gaussian_posterior_is_that_posterior(gaussian, x64):
    curvature, centre = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -3.0])
    task = gaussian(curvature, centre, 25)
    got = laplace.laplace(task, laplace.minimise(task, {"w": jnp.zeros(2)}, tolerance=1e-10))
    np.testing.assert_allclose(got.mean, centre, atol=1e-8)
    np.testing.assert_allclose(got.covariance, np.linalg.inv(25 * curvature), rtol=1e-8)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_laplace_refuses_a_temperature_that_is_not_positive(toy, temperature):
    task, params = toy("logistic")
    with pytest.raises(ValueError, match=f"temperature .*{temperature}"):
        laplace.laplace(task, params, temperature)


def test_laplace_refuses_a_point_that_is_no_minimum():
    flat = Task(lambda p, x: jnp.zeros((len(x), 2)), jnp.zeros((4, 1)), jnp.zeros(4, int))
    with pytest.raises(ValueError, match="smallest eigenvalue"):
        laplace.laplace(flat, {"w": jnp.zeros(2)})


def test_laplace_refuses_a_point_beside_the_minimum(gaussian, x64):
    """By how many standard deviations it is off: N (ω-c)ᵀA(ω-c)/P, 0.1 of one is allowed."""
    curvature = np.array([[2.0, 0.5], [0.5, 1.0]])
    task = gaussian(curvature, np.zeros(2), 25)
    direction = np.array([1.0, -1.0])
    unit = direction / np.sqrt(25 * direction @ curvature @ direction / 2)
    laplace.laplace(task, {"w": jnp.asarray(0.099 * unit)})
    with pytest.raises(ValueError, match=r"no minimum .*0\.1 standard deviations"):
        laplace.laplace(task, {"w": jnp.asarray(0.101 * unit)})
    laplace.laplace(task, {"w": jnp.asarray(0.101 * unit)}, temperature=4.0)
