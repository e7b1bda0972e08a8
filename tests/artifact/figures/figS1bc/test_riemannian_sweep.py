"""Gaussian noise with the covariance of minibatches', step by step."""

import jax
import jax.numpy as jnp
import numpy as np

from artifact.problems import logistic
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import riemannian_langevin

EPS, DELTA, T, K, DRAWS = 0.1, 1e-2, 0.7, 0.5, 20000


def test_a_step_has_the_mean_of_riemannian_langevin_and_the_covariance_of_gradients():
    task = logistic.task(logistic.simulate(3, 2, 4.0, 60, seed=0))
    w = jnp.array([0.3, -1.0])  # far from the optimum, where Σ is not F
    position = logistic.position(w)
    keys = jax.random.split(jax.random.key(1), DRAWS)

    def steps(sampler):
        state = sampler.init(position)
        drawn = jax.vmap(lambda key: sampler.step(key, state)[0].position["params"]["weights"])
        return np.asarray(drawn(keys) - w, float)

    metric = exact_fisher(task)
    plain = riemannian_langevin.build(
        metric, learning_rate=EPS, damping=DELTA, temperature=T, prior_exponent=K
    )
    covariance = gradient_covariance(task)
    ours = steps(
        plain._replace(
            step=lambda key, state: riemannian_langevin.step(
                key, state, metric, EPS, T, DELTA, K, covariance
            )
        )
    )
    mean = steps(plain).mean(0)

    def matrix(metric):
        rows = np.asarray(metric.factor(keys[0], position, ())[0].written(), float)
        return rows.T @ rows

    inverse = np.linalg.inv(matrix(exact_fisher(task)) + DELTA * np.eye(2))
    sigma = matrix(gradient_covariance(task))
    expected = 2 * T * EPS / 60 * inverse @ sigma @ inverse
    error = np.sqrt(np.diag(expected) / DRAWS)
    assert (abs(ours.mean(0) - mean) < 6 * error).all()
    np.testing.assert_allclose(np.cov(ours.T), expected, rtol=0.05)
    other = 2 * T * EPS / 60 * inverse
    assert abs(other / expected - 1).max() > 0.2
