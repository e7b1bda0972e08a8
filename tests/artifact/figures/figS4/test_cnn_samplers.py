"""Fig. S4c's posterior is that of Fig. 7's network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from tests.artifact import small

from artifact import catalogue
from artifact.figures.fig7 import cnn
from artifact.figures.figS4 import cnn_samplers
from artifact.settings import layers
from ngd.task import mean_cost

N = 40
IMAGES = small.noisy_images(train=60, test=30)
CHANGES = {
    "examples": N,
    "channels": 2,
    "damping": 1.0,
    "fisher_examples": 20,
    "learning_rate": 0.125,
    "batch_size": 12,
    "gradients": 1,
    "test_examples": 25,
    "chains": 2,
    "repeats": 2,
}


@pytest.fixture(scope="module")
def problem():
    return cnn_samplers._problem(small.settings("figS4c", **CHANGES), 5, IMAGES, 1)


def test_the_posterior_is_fig_7s_of_its_own_start(problem):
    paper = small.config("paper")
    assert paper.figS4c.regularisation == paper.fig7.regularisation
    assert paper.figS4c.channels == paper.fig7.channels
    settings = small.settings("fig7", channels=2, fisher_examples=20)
    starts = [
        ravel_pytree(jax.tree.map(lambda leaf, i=i: leaf[i], problem.starts))[0] for i in (0, 1)
    ]
    fig7 = cnn.experiment(settings, N, 5, IMAGES, np.asarray(starts[0]))
    assert not np.allclose(*starts)
    theirs = fig7.task(fig7.train(1))
    for flat in starts:
        params = problem.unravel(flat)
        assert mean_cost(problem.task, params) == pytest.approx(float(mean_cost(theirs, params)))
    assert jax.tree.all(jax.tree.map(jnp.array_equal, problem.unravel(starts[0]), fig7.position(1)))
    other = cnn_samplers._problem(small.settings("figS4c", **CHANGES), 5, IMAGES, 2)
    assert not np.array_equal(problem.task.x, other.task.x)


def test_predictions_are_compared_on_the_first_test_images(problem):
    assert problem.test.x.shape == (25, 28, 28, 1)
    np.testing.assert_array_equal(problem.test.y, IMAGES.y_test[:25])


def test_each_training_set_has_its_rows():
    few = {"burn_in": 1, "samples": 4, "hmc_burn_in": 1, "hmc_samples": 4, "hmc_steps": 2}
    settings = small.settings("figS4c", **CHANGES, **few, samplers=["sgld"])
    tables = cnn_samplers.run(settings, 5, small.silent, IMAGES)
    for table in tables.values():
        assert table["sampler"].tolist() == ["hmc", "sgld"] * 2
        assert table["repeat"].tolist() == [0, 0, 1, 1]
    assert np.isfinite(tables["distances"]["cross_entropy"]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_examples": 19}, "test_examples = 19 is not allowed; must be >= 20"),
        ({"test_examples": 501}, "test_examples = 501 is not allowed; must be <= 500"),
        ({"examples": 4501, "batch_size": 500}, "examples = 4501 is not allowed; must be <= 4500"),
    ],
)
def test_bad_settings_are_refused(changes, message):
    with pytest.raises(Exception, match=message):
        layers.load(small.ROOT / "config", catalogue.Config, {"scale": "smoke", "figS4c": changes})
