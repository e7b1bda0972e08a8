"""Fig. S6's chains: their training sets, starts and metrics."""

import jax
import numpy as np
import pytest
from tests.artifact import small

from artifact.figures.fig5_6 import mlp
from artifact.figures.figS6 import scaled
from artifact.problems import images as mnist_task
from ngd.metrics.fisher import sampled_fisher
from ngd.metrics.kfac import kfac
from ngd.samplers import stochastic_ngd
from ngd.task import flatten

IMAGES = small.noisy_images()
ROOT = 9
OWN = {"kfac": "figS6_kfac", "fisher": "figS6_wide_fisher"}


def sweep(name="figS6_kfac", **changes):
    sizes = {"examples": [40], "temperatures": [0.5], "hidden": 5, "fisher_examples": 16}
    return small.settings(name, **{**sizes, **changes})


def test_with_a_projection_all_but_the_metric_is_fig5s():
    ours = scaled.experiment(sweep(projected_inputs=4), 40, ROOT, IMAGES)
    fig5 = small.settings("fig5", hidden=5, projected_inputs=4, fisher_examples=16)
    theirs = mlp.experiment(fig5, 40, ROOT, IMAGES)
    for seed in (0, 3):
        np.testing.assert_array_equal(ours.train(seed).x, theirs.train(seed).x)
        np.testing.assert_array_equal(ours.test(seed).x, theirs.test(seed).x)
        assert (flatten(ours.position(seed)) == flatten(theirs.position(seed))).all()


def test_whole_images_are_a_seeds_own_with_pixels_from_0_to_1():
    ours = scaled.experiment(sweep("figS6_wide_kfac"), 40, ROOT, IMAGES)
    for seed in (0, 3):
        plain = mnist_task.training_set(IMAGES, ROOT, 40, seed)
        np.testing.assert_array_equal(ours.train(seed).x, np.reshape(plain.x, (40, 784)))
        np.testing.assert_array_equal(ours.train(seed).y, plain.y)
    assert 0 <= float(ours.train(0).x.min()) < float(ours.train(0).x.max()) <= 1
    shown = np.reshape(IMAGES.x_test, (-1, 784)) / np.float32(255)
    np.testing.assert_allclose(ours.test(1).x, shown, rtol=1e-6)
    assert flatten(ours.position(0)).shape == (784 * 5 + 5 * 10,)


@pytest.mark.parametrize("name", ["kfac", "fisher"])
@pytest.mark.parametrize("inputs", [("projection", 4), ("pixels", 784)])
def test_a_step_is_ngds_by_the_metric_that_is_named(name, inputs):
    seen, features = inputs
    chosen = sweep(OWN[name], inputs=seen, projected_inputs=features)
    ours = scaled.experiment(chosen, 40, ROOT, IMAGES)
    task = ours.task(ours.train(0))
    (point,) = chosen.points()
    metric = {"kfac": kfac, "fisher": sampled_fisher}[name](task, 16)
    plain = stochastic_ngd.build(metric, learning_rate=0.125, damping=0.1, batch_size=5)
    start, key = ours.position(0), jax.random.key(1)
    moved = [
        flatten(sampler.step(key, sampler.init(start))[0].position)
        for sampler in (ours.algorithm(task, point), plain)
    ]
    np.testing.assert_array_equal(*moved)
    assert (moved[0] != flatten(start)).any()


def test_pixels_are_not_projected():
    with pytest.raises(Exception, match="projected_inputs = 10 is not allowed; must be 784"):
        sweep(inputs="pixels")
