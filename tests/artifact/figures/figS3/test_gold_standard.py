"""NUTS against quadrature, and what is measured with it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.artifact import small

from artifact.figures.figS3 import gold_standard
from artifact.problems import logistic
from ngd.task import flatten

SETTINGS = small.settings(
    "figS3",
    inputs=[2],
    examples=30,
    true_norm=1.0,
    damping=0.05,
    chains=4,
    burn_in=100,
    samples=200,
    nuts_warm_up=300,
    nuts_samples=1000,
)


@pytest.mark.parametrize("abreast", [True, False])
def test_iterates_are_those_past_the_burn_in_of_chains_that_each_have_a_key(abreast):
    task = logistic.task(logistic.simulate(3, 2, 1.0, 30, seed=0))
    sampler = gold_standard.build("preconditioned_langevin", SETTINGS, task)
    starts = gold_standard.from_one(jnp.array([0.5, -1.0]), 2)
    path, seconds = gold_standard.iterates(sampler, starts, 3, 4, jax.random.key(7), abreast)
    assert path.shape == (2, 4, 2)
    assert seconds > 0
    for chain, rng_key in enumerate(jax.random.split(jax.random.key(7), 2)):
        state = sampler.init(logistic.position(jnp.array([0.5, -1.0])))
        for update in range(7):
            state, _ = sampler.step(jax.random.fold_in(rng_key, update), state)
            if update >= 3:
                np.testing.assert_allclose(
                    path[chain, update - 3], flatten(state.position), rtol=1e-4
                )


def test_nuts_samples_the_density_with_the_asked_power_of_the_metric():
    train = logistic.simulate(3, 2, 1.0, 30, seed=0)
    x, signs = np.asarray(train.x, float), 2 * np.asarray(train.y) - 1
    grid = np.stack(np.meshgrid(*[np.linspace(-6, 8, 141)] * 2), axis=-1).reshape(-1, 2)
    z = grid @ x.T
    p = 1 / (1 + np.exp(-z))
    fisher = np.einsum("gi,ij,ik->gjk", p * (1 - p), x, x) / 30 + 0.05 * np.eye(2)
    cost = np.logaddexp(0, -signs * z).sum(axis=1)
    task, start = logistic.task(train), jnp.ones(2)
    path, _ = gold_standard.nuts(task, SETTINGS, 1.0, start, jax.random.key(1))
    found = np.asarray(path).mean(axis=(0, 1))
    apart = {}
    for k in (0.0, 1.0):
        log_density = k * np.linalg.slogdet(fisher)[1] - cost
        weight = np.exp(log_density - log_density.max())
        mean = weight @ grid / weight.sum()
        deviation = np.sqrt(weight @ (grid - mean) ** 2 / weight.sum())
        error = deviation / np.sqrt(gold_standard.effective(path, path))
        apart[k] = np.abs((found - mean) / error).max()
    assert apart[1.0] < 4.5 < apart[0.0]


def test_the_distance_of_a_shifted_sample_is_the_shift_in_deviations():
    rng = np.random.default_rng(0)
    mixing = np.array([[3.0, 0.0], [1.0, 0.2]])
    gold, other = (rng.normal(size=(4, 5000, 2)) @ mixing.T for _ in range(2))
    assert gold_standard.distance(other, gold) < 0.03
    shifted = gold + np.array([3.0, 1.0])  # one deviation along the first mixed coordinate
    axes = gold_standard.standardise(shifted, gold).mean(axis=(0, 1))
    assert np.linalg.norm(axes) == pytest.approx(1, abs=0.02)
    assert gold_standard.distance(shifted, gold) == pytest.approx(np.abs(axes).mean(), rel=1e-6)


def test_the_effective_sample_size_of_an_autoregression_is_the_textbooks():
    rng, r = np.random.default_rng(0), 0.8
    path = rng.normal(size=(4, 20000, 2))
    for i in range(1, path.shape[1]):
        path[:, i] = r * path[:, i - 1] + np.sqrt(1 - r**2) * path[:, i]
    expected = 4 * 20000 * (1 - r) / (1 + r)
    assert gold_standard.effective(path, path) == pytest.approx(expected, rel=0.1)


def test_separable_training_sets_are_passed_over_or_refused():
    settings = SETTINGS.model_copy(update={"repeats": 3})
    seeds = [seed for seed, _ in gold_standard.training_sets(settings, 2, 3)]
    assert len(seeds) == 3
    hopeless = SETTINGS.model_copy(update={"examples": 2})
    with pytest.raises(ValueError, match=r"only 0 are not separable"):
        list(gold_standard.training_sets(hopeless, 2, 3))
