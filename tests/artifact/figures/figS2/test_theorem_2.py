"""The measured temperature, where it is known."""

import jax.numpy as jnp
import numpy as np
from tests.artifact import small

from artifact.figures.figS2 import theorem_2
from artifact.problems import logistic
from ngd import laplace

SETTINGS = small.settings(
    "figS2",
    examples=[2000],
    learning_rates=[0.4],
    burn_in=6.0,
    samples=40.0,
    chains=16,
    repeats=4,
)


def test_a_finite_step_and_a_wrong_model_raise_the_temperature_by_what_they_should():
    """T/(1 - ε/2) times tr(F⁻¹Σ)/P: exact for a quadratic cost, so nearly so at N = 2000."""
    runs = theorem_2.run(SETTINGS, 1, small.silent)["runs"]
    ratio = runs["measured"] / (runs["predicted"] * runs["noise_ratio"])
    assert len(runs) == 8
    assert abs(ratio.mean() * (1 - 0.4 / 2) - 1) < 4.5 * ratio.sem()
    by_model = runs.groupby("model")["noise_ratio"].mean()
    assert by_model["misspecified"] > 1.1
    assert abs(by_model["well_specified"] - 1) < 0.1


def test_the_noise_ratio_is_that_of_explicit_matrices():
    train = theorem_2.training_set(SETTINGS, 1, "misspecified", 300, 0)
    task = logistic.task(train)
    minimum = laplace.minimise(task, logistic.position(jnp.zeros(2)))
    x, y = np.asarray(train.x, float), np.asarray(train.y)
    p = 1 / (1 + np.exp(-x @ np.asarray(minimum["params"]["weights"], float)))
    gradients = (p - y)[:, None] * x
    fisher = (x * (p * (1 - p))[:, None]).T @ x / 300
    expected = np.trace(np.linalg.solve(fisher, np.cov(gradients, rowvar=False, bias=True))) / 2
    np.testing.assert_allclose(theorem_2.noise_ratio(task, minimum), expected, rtol=1e-4)
