"""Fig. 1's iterates against plain loops."""

import numpy as np
import pytest
from tests.artifact import plain, small

from artifact.engine.keys import key
from artifact.figures.fig1 import iterates
from artifact.problems import logistic

SETTINGS = small.settings(
    "fig1", examples=60, true_norm=2.0, temperature=0.1, burn_in=3, samples=4, repeats=1
)
SIZE = 30  # εN/(2T) = 0.1 x 60 / 0.2; by the exact relation 20


@pytest.fixture(scope="module")
def table():
    return iterates.run(SETTINGS, 9, small.silent)["iterates"]


@pytest.mark.parametrize("sampler", iterates.SAMPLERS)
def test_the_iterates_are_those_of_a_plain_loop(table, sampler):
    train = logistic.simulate(9, 2, 2.0, 60, seed=0)
    x, y = np.asarray(train.x, float), np.asarray(train.y)
    given = plain.Given(x, y, SETTINGS.learning_rate, SETTINGS.damping)

    def update(w, rng_key):
        if sampler == "preconditioned_langevin":
            return plain.langevin(given, SETTINGS.temperature, w, rng_key)
        return plain.stochastic_ngd(given, SIZE, w, rng_key)

    rng_key = key(9, "fig1", sampler, "chain", seed=0)
    expected = plain.chain(update, np.zeros(2), rng_key, 3, 4)
    found = table[table["sampler"] == sampler][["w1", "w2"]]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
