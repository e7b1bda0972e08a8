"""The gradients' covariance of eq. (14) against numpy."""

import jax
import jax.numpy as jnp
import numpy as np

from ngd.metrics import empirical_fisher, gradient_covariance
from ngd.task import per_example_gradients


def test_gradient_covariance_is_numpys_of_the_per_example_gradients(any_toy):
    task, params = any_toy
    gradients = np.asarray(per_example_gradients(task, params, task.x, task.y))
    rows, _ = gradient_covariance(task).estimate(jax.random.key(0), params, ())
    expected = np.cov(gradients, rowvar=False, bias=True)
    np.testing.assert_allclose(np.asarray(rows.T @ rows), expected, rtol=1e-10, atol=1e-14)


def test_gradient_covariance_is_the_empirical_fisher_less_the_mean_gradients_square(any_toy):
    task, params = any_toy
    covariance, _ = gradient_covariance(task).estimate(jax.random.key(0), params, ())
    fisher = empirical_fisher(task).at(params).written()

    def cost(p):
        return -jax.nn.log_softmax(task.logits(p, task.x))[jnp.arange(task.examples), task.y].mean()

    mean = np.asarray(jax.flatten_util.ravel_pytree(jax.jit(jax.grad(cost))(params))[0])
    np.testing.assert_allclose(
        np.asarray(covariance.T @ covariance),
        np.asarray(fisher.T @ fisher) - np.outer(mean, mean),
        rtol=1e-9,
        atol=1e-13,
    )
