"""Figs 5 and 6 against a plain loop."""

import jax.numpy as jnp
import numpy as np
from tests.artifact import plain, small

from artifact.engine import chains
from artifact.engine.keys import key
from artifact.figures.fig5_6 import mlp
from artifact.problems import images as mnist_task
from ngd.models import MLP
from ngd.task import flatten

ROOT, N, SEED = 9, 40, 2
IMAGES = small.noisy_images()
SWEEP = small.settings(
    "fig5",
    examples=[N],
    hidden=5,
    projected_inputs=4,
    temperatures=[0.5],
    fisher_examples=16,
    burn_in=1,
    samples=2,
)


def test_the_scores_are_those_of_a_plain_loop():
    (point,) = SWEEP.points()
    assert point.batch_size == 5  # εN/(2T) = 0.125 x 40 / 1
    settings = small.of_point(SWEEP)
    built = mlp.experiment(settings, N, ROOT, IMAGES)
    plan = chains.Plan("fig5", [point], [SEED], ROOT, 1, 2)
    (row,) = chains.run(built, plan, small.silent, small.Nowhere()).to_dict("records")

    x, y = plain.training_set(IMAGES, ROOT, N, SEED)
    given = plain.Given(plain.projected(x, ROOT, 4, SEED), jnp.asarray(y), 0.125, 0.1)
    network = plain.Network(plain.mlp(4, 5), decay=20 / N)
    start = flatten(MLP(5).init(key(ROOT, "mlp", "start", seed=SEED), given.x[:1]))
    samples = plain.network_chain(
        network,
        given,
        start,
        plain.chain_key(ROOT, "fig5", point, SEED),
        (1, 2),
        point.batch_size,
        lambda w, rng_key: plain.sampled_fisher(network, w, given.x, rng_key, 16),
    )
    seen = plain.projected(IMAGES.x_test / 255, ROOT, 4, SEED)
    probabilities = plain.network_probabilities(network, samples, seen)
    plain.assert_scores(row, plain.scores(probabilities, IMAGES.y_test))


def test_pixels_are_in_zero_to_one_and_a_training_set_holds_no_image_twice():
    train = mnist_task.training_set(IMAGES, ROOT, len(IMAGES.y_train), 0)
    flat = np.asarray(train.x)[..., 0]
    assert (flat.min(), flat.max()) == (0, 1)
    own = sorted((image * 255).round().astype(np.uint8).tobytes() for image in flat)
    assert own == sorted(image.tobytes() for image in IMAGES.x_train)
    test = mnist_task.test_set(IMAGES)
    np.testing.assert_allclose(np.asarray(test.x)[..., 0] * 255, IMAGES.x_test, rtol=1e-6)
    np.testing.assert_array_equal(test.y, IMAGES.y_test)


def test_a_training_set_is_the_seeds_own():
    one, other = (mnist_task.training_set(IMAGES, ROOT, 20, seed) for seed in (0, 1))
    assert not np.array_equal(one.x, other.x)


def test_a_seeds_sets_are_projected_alike_by_unit_gaussians_of_its_own():
    built = mlp.experiment(small.of_point(SWEEP), N, ROOT, IMAGES)
    tested = []
    for seed in (0, 1):
        x, y = plain.training_set(IMAGES, ROOT, N, seed)
        train, test = built.train(seed), built.test(seed)
        np.testing.assert_allclose(train.x, plain.projected(x, ROOT, 4, seed), rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(train.y, y)
        seen = plain.projected(IMAGES.x_test / 255, ROOT, 4, seed)
        np.testing.assert_allclose(test.x, seen, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(test.y, IMAGES.y_test)
        tested.append(np.asarray(test.x))
    # Two projections of four features differ as unit Gaussians do, sd √2 a pixel.
    assert np.abs(tested[0] - tested[1]).mean() > 0.5 * np.abs(tested[0]).mean()
