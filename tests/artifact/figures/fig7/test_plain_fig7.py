"""Fig. 7 and where its chains start against plain loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.artifact import plain, small

from artifact.engine import chains
from artifact.engine.keys import key
from artifact.figures.fig7 import cnn, warm_start
from ngd.models import CNN
from ngd.task import flatten

ROOT, N, SEED, CHANNELS = 9, 40, 2, 2
IMAGES = small.noisy_images()
PANEL = {"examples": [N], "learning_rates": [0.1]}
SWEEP = small.settings(
    "fig7",
    channels=CHANNELS,
    panels={"a": PANEL, "b": PANEL},
    temperatures=[0.3],
    fisher_examples=12,
    smoothing_unit=0.05,
    duration=0.35,
    sampled_fraction=0.5,
)


def test_the_scores_are_those_of_a_plain_loop():
    (point,) = SWEEP.points()
    assert point.batch_size == 6  # ⌈N/(2T/ε + 1)⌉ = ⌈40/7⌉
    settings = small.of_point(SWEEP)
    burn_in, samples = settings.updates(0.1)
    assert (burn_in, samples) == (2, 2)  # ⌈0.35/0.1⌉ = 4, half of them
    start = np.asarray(jax.random.normal(jax.random.key(5), (410,)))
    built = cnn.experiment(settings, N, ROOT, IMAGES, start)
    plan = chains.Plan("fig7", [point], [SEED], ROOT, burn_in, samples)
    (row,) = chains.run(built, plan, small.silent, small.Nowhere()).to_dict("records")

    x, y = plain.training_set(IMAGES, ROOT, N, SEED)
    given = plain.Given(jnp.asarray(x)[..., None], jnp.asarray(y), 0.1, 0.1)
    network = plain.Network(plain.cnn(CHANNELS), decay=40 / N)
    found = plain.network_chain(
        network,
        given,
        start,
        plain.chain_key(ROOT, "fig7", point, SEED),
        (0, burn_in + samples),
        point.batch_size,
        lambda w, rng_key: plain.sampled_fisher(network, w, given.x, rng_key, 12),
        smoothing=0.95**2,
    )
    moved = [np.linalg.norm(found[update - 1] - start) for update in (1, 2, 4)]
    np.testing.assert_allclose([float(d) for d in row["first"].split()], moved, rtol=1e-3)
    seen = jnp.asarray(IMAGES.x_test / 255, jnp.float32)[..., None]
    probabilities = plain.network_probabilities(network, found[burn_in:], seen)
    plain.assert_scores(row, plain.scores(probabilities, IMAGES.y_test))


def test_chains_abreast_are_those_that_run_alone():
    """Other temperatures, batch sizes and training sets beside it change no chain."""
    (point,) = SWEEP.points()
    hot = point._replace(temperature=1.0, batch_size=2)
    start = np.asarray(jax.random.normal(jax.random.key(5), (410,)))
    built = cnn.experiment(small.of_point(SWEEP), N, ROOT, IMAGES, start)
    seeds = [SEED, 4]
    plan = chains.Plan("fig7", [point, hot], seeds, ROOT, 2, 2, abreast=True)
    abreast = chains.run(built, plan, small.silent, small.Nowhere()).to_dict("records")
    assert [(row["temperature"], row["seed"]) for row in abreast] == [
        (t, seed) for t in (0.3, 1.0) for seed in seeds
    ]
    moved = []
    for row in abreast:
        own = point if row["temperature"] == 0.3 else hot
        alone = chains.Plan("fig7", [own], [row["seed"]], ROOT, 2, 2)
        (expected,) = chains.run(built, alone, small.silent, small.Nowhere()).to_dict("records")
        first, of_alone = ([float(d) for d in r.pop("first").split()] for r in (row, expected))
        np.testing.assert_allclose(first, of_alone, rtol=1e-4)
        assert row == pytest.approx(expected, rel=1e-4)
        moved.append(first[0])
    assert len(set(moved)) == 4


WARM = small.settings(
    "warm_start", channels=CHANNELS, batch_size=16, epochs=2, learning_rate=0.05, momentum=0.7
)


def test_the_warm_start_is_the_end_of_a_plain_loop_of_sgd_with_momentum():
    found = warm_start.run(WARM, ROOT, small.silent, IMAGES)["parameters"]
    x = jnp.asarray(IMAGES.x_train / 255, jnp.float32)[..., None]
    y = jnp.asarray(IMAGES.y_train.astype(int))
    network = plain.Network(plain.cnn(CHANNELS), decay=40 / len(y))
    w = np.asarray(flatten(CNN(CHANNELS).init(key(ROOT, "cnn", "start"), x[:1])), float)
    velocity = np.zeros_like(w)
    for epoch in range(2):
        order = np.asarray(jax.random.permutation(key(ROOT, "cnn", "sgd", epoch=epoch), 60))
        for first in range(0, 48, 16):  # the twelve that are left make no batch
            batch = order[first : first + 16]
            velocity = 0.7 * velocity + network.slope(w, x[batch], y[batch])
            w = w - 0.05 * velocity
    np.testing.assert_allclose(found, w, rtol=1e-3, atol=1e-4)


def test_a_warm_start_that_diverges_is_an_error():
    wild = WARM.model_copy(update={"learning_rate": 1e9, "epochs": 3})
    with pytest.raises(FloatingPointError, match="the SGD run diverged"):
        warm_start.run(wild, ROOT, small.silent, IMAGES)
