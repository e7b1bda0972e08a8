"""The readings of the text against plain loops: each thing that is read in another way."""

import jax.numpy as jnp
import pytest
from jax.flatten_util import ravel_pytree
from tests.artifact import plain, small

from artifact.engine import chains
from artifact.figures.readings import mlp_readings

ROOT, N, SEED, FEATURES, HIDDEN, M = 9, 30, 1, 3, 4, 12
IMAGES = small.noisy_images()
VARIANTS = {
    "base": {},
    "lambda": {"regularisation": 3.0},
    "scaled": {"input_scale": 0.25},
    "biases": {"bias": True},
    "exact_T_and_B": {"exact_temperature": True},
    "with_replacement": {"fisher": "with_replacement"},
    "exact_fisher": {"fisher": "exact"},
    "moving_average": {"moving_average": 0.5},
}
SHARED = small.settings(
    "readings",
    examples=[N],
    hidden=HIDDEN,
    projected_inputs=FEATURES,
    temperatures=[0.2],
    fisher_examples=M,
    burn_in=1,
    samples=2,
    variants=VARIANTS,
)
FISHERS = {
    "without_replacement": plain.sampled_fisher,
    "with_replacement": plain.fisher_with_replacement,
    "exact": plain.exact_fisher,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_scores_are_those_of_a_plain_loop(name):
    sweep = SHARED.of(name)
    (point,) = sweep.points()
    # εN/(2T) = 9.4 of the base, N/(2T/ε + 1) = 7.1 of the exact relation.
    assert point.batch_size == (8 if name == "exact_T_and_B" else 9)
    settings = small.of_point(sweep)
    built = mlp_readings.experiment(settings, N, ROOT, IMAGES)
    plan = chains.Plan("readings", [point], [SEED], ROOT, 1, 2)
    (row,) = chains.run(built, plan, small.silent, small.Nowhere()).to_dict("records")

    x, y = plain.training_set(IMAGES, ROOT, N, SEED)
    scale = 0.25 if name == "scaled" else 1.0
    given = plain.Given(
        plain.projected(x, ROOT, FEATURES, SEED, scale), jnp.asarray(y), 0.125, settings.damping
    )
    start, unravel = ravel_pytree(built.position(SEED))
    assert len(start) == FEATURES * HIDDEN + HIDDEN * 10 + (HIDDEN + 10) * (name == "biases")

    def biased(w, x):
        # Flax counts layers as they are made, the outer one first.
        first, second = (unravel(w)["params"][f"Dense_{layer}"] for layer in (1, 0))
        hidden = jnp.maximum(x @ first["kernel"] + first["bias"], 0)
        return hidden @ second["kernel"] + second["bias"]

    logits = biased if name == "biases" else plain.mlp(FEATURES, HIDDEN)
    network = plain.Network(logits, decay=(3 if name == "lambda" else 20) / N)
    samples = plain.network_chain(
        network,
        given,
        start,
        plain.chain_key(ROOT, "readings", point, SEED),
        (1, 2),
        point.batch_size,
        lambda w, rng_key: FISHERS[settings.fisher](network, w, given.x, rng_key, M),
        smoothing=0.5 if name == "moving_average" else 0.0,
    )
    seen = plain.projected(IMAGES.x_test / 255, ROOT, FEATURES, SEED, scale)
    probabilities = plain.network_probabilities(network, samples, seen)
    plain.assert_scores(row, plain.scores(probabilities, IMAGES.y_test))
