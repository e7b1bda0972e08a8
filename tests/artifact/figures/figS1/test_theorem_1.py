"""The estimate of the exponent, on samples whose exponent is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from tests.artifact import small

from artifact.figures.figS1 import theorem_1
from ngd.prior import log_metric
from ngd.samplers import riemannian_langevin

SETTINGS = small.settings("figS1", dampings=[0.05, 0.2], chains=30)


def drawn(problem, grid, k, count, seed):
    """ln|G| of independent draws from e^{-C/T}|G|^k on the grid."""
    rng = np.random.default_rng(seed)
    density = np.exp(grid.log_weights + k * grid.log_metric)
    return grid.log_metric[rng.choice(len(density), count, p=density / density.sum())]


@pytest.mark.parametrize("name", ["logistic_1d", "conformal_2d", "covariance_1d"])
@pytest.mark.parametrize("k", [0.0, 0.5, 1.0])
def test_the_exponent_of_exact_draws_is_found(name, k):
    problem = theorem_1.problems(SETTINGS, 1)[name]
    grid = theorem_1.quadrature(problem, 0.05, 1.0)
    values = drawn(problem, grid, k, 20000, seed=5)
    slope = (
        theorem_1.expected_log_metric(grid, k + 1e-3)
        - theorem_1.expected_log_metric(grid, k - 1e-3)
    ) / 2e-3
    error = values.std() / np.sqrt(len(values)) / slope
    assert abs(theorem_1.exponent(grid, values.mean()) - k) < 4.5 * error


def test_eq_15_has_the_covariance_of_the_examples_gradients_as_its_metric():
    problem = theorem_1.problems(SETTINGS, 1)["covariance_2d"]
    w = np.array([0.4, -0.9])
    x, y = np.asarray(problem.task.x, float), np.asarray(problem.task.y)
    gradients = x * (1 / (1 + np.exp(-x @ w)) - y)[:, None]
    rows = np.asarray(problem.metric.at(problem.position(w)).written())
    np.testing.assert_allclose(rows.T @ rows, np.cov(gradients.T, bias=True), rtol=1e-4)
    assert problem.samplers == ("eq8",)


def test_a_parabola_in_the_learning_rate_is_extrapolated():
    rates = np.array([0.2, 0.1, 0.05])
    k, error = theorem_1.extrapolate(rates, 0.5 + rates - 3 * rates**2, np.full(3, 0.01))
    assert k == pytest.approx(0.5)
    assert error > 0.01


def test_a_chains_mean_is_that_of_a_plain_loop():
    """Samples after updates 5 and 7: three of burn-in, then every second one."""
    problem = theorem_1.problems(SETTINGS, 1)["logistic_1d"]
    at = theorem_1.At(damping=0.05, temperature=1.5, rate=0.3)
    found = theorem_1.log_metrics(problem, "flat", 2)(jax.random.key(4), 3, at, 3, 2)
    sampler = riemannian_langevin.build(
        problem.metric, learning_rate=0.3, damping=0.05, temperature=1.5, prior_exponent=0.0
    )
    step = jax.jit(sampler.step)
    for mean, rng_key in zip(found, jax.random.split(jax.random.key(4), 3), strict=True):
        state, samples = sampler.init(problem.position(jnp.zeros(1))), []
        for update in range(7):
            state, _ = step(jax.random.fold_in(rng_key, update), state)
            if update + 1 in (5, 7):
                samples.append(float(log_metric(problem.metric, state.position, 0.05)))
        assert mean == pytest.approx(np.mean(samples), rel=1e-4)
    assert len(set(found)) == 3


def test_pooling_weighs_by_precision_over_temperatures_and_then_over_dampings():
    cells = [(0.1, 1.0, 0.4, 0.1), (0.1, 2.0, 1.0, 0.2), (0.3, 1.0, 0.0, 0.1)]
    rows = [("p", "eq8", damping, t, 0.0, k, error) for damping, t, k, error in cells]
    columns = [*theorem_1.COORDINATES, *theorem_1.ESTIMATE]
    pooled = theorem_1.pool(pd.DataFrame(rows, columns=columns))
    # 0.4 weighs 100, 1.0 weighs 25, 0.0 weighs 100.
    assert pooled["damping"].tolist()[:2] == [0.1, 0.3]
    assert np.isnan(pooled["damping"].iloc[2])
    assert pooled["exponent"].tolist() == pytest.approx([65 / 125, 0.0, 65 / 225])
    assert pooled["standard_error"].tolist() == pytest.approx([125**-0.5, 0.1, 225**-0.5])
