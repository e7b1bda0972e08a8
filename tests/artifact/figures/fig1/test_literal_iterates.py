"""Fig. 1 with eq. (8) read to the letter."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.artifact import small

from artifact.figures.fig1 import iterates, literal_iterates
from artifact.problems import logistic
from ngd import sampling

# A damping as large as F, so that the two readings are far apart.
SETTINGS = small.settings("fig1", examples=300, true_norm=2.0, damping=0.1, temperature=2.0)
TASK = logistic.task(logistic.simulate(0, 2, 2.0, 300, seed=0))


def displacements(module):
    """Of 20,000 first steps from one point, by the noise alone."""
    algorithm = module.build("preconditioned_langevin", SETTINGS, TASK)
    start = algorithm.init(logistic.position(jnp.array([0.5, -0.3])))
    keys = jax.random.split(jax.random.key(1), 20_000)
    ends = jax.jit(jax.vmap(lambda k: algorithm.step(k, start)[0].position))(keys)
    moved = np.asarray(jax.vmap(lambda p: jax.flatten_util.ravel_pytree(p)[0])(ends), float)
    return moved, np.cov(moved, rowvar=False)


def test_the_noise_has_the_covariance_of_the_fisher_alone():
    x = np.asarray(TASK.x, float)
    w = np.array([0.5, -0.3])
    p = 1 / (1 + np.exp(-x @ w))
    fisher = (x * (p * (1 - p))[:, None]).T @ x / len(x)
    inverse = np.linalg.inv(fisher + 0.1 * np.eye(2))
    rate, t = SETTINGS.learning_rate, SETTINGS.temperature
    for module, noise in ((literal_iterates, fisher), (iterates, fisher + 0.1 * np.eye(2))):
        wanted = rate**2 * inverse @ (2 * t * noise / (rate * len(x))) @ inverse
        moved, found = displacements(module)
        # Four standard errors of a variance from 20,000 draws.
        assert np.diag(found) == pytest.approx(np.diag(wanted), rel=4 * (2 / len(moved)) ** 0.5)


def test_natural_gradient_descent_is_fig_1s():
    for module in (literal_iterates, iterates):
        algorithm = module.build("stochastic_ngd", SETTINGS, TASK)
        state = algorithm.init(logistic.position(jnp.zeros(2)))
        ended, _ = sampling.run(jax.random.key(0), algorithm, state, 3)
        if module is literal_iterates:
            ours = ended
    for a, b in zip(jax.tree.leaves(ended.position), jax.tree.leaves(ours.position), strict=True):
        np.testing.assert_array_equal(a, b)
