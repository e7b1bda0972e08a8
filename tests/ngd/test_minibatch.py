"""Minibatches without replacement and the noise β of eq. (12) that they make."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from ngd import minibatch
from ngd.metrics import exact_fisher
from ngd.samplers import stochastic_ngd
from ngd.task import gradient, l2, per_example_gradients, slope, weighted_slope


def draws(n, size, count, seed=0):
    keys = jax.random.split(jax.random.key(seed), count)
    return np.asarray(jax.vmap(lambda key: minibatch.draw(key, n, size))(keys))


@pytest.mark.parametrize("size", [1, 4, 9, 10])
def test_a_batch_has_distinct_indices_of_the_training_set(size):
    for batch in draws(10, size, 200):
        assert len(set(batch.tolist())) == size
        assert batch.min() >= 0
        assert batch.max() < 10


def test_each_index_is_as_likely_as_any_other():
    """Chi-square with the covariance of draws without replacement."""
    n, size, count = 20, 7, 4000
    counts = np.bincount(draws(n, size, count).ravel(), minlength=n)
    # An inclusion has variance (B/N)(1 - B/N); with the sum fixed the scaled squares are
    # chi-square of N-1 degrees of freedom.
    share = size / n
    statistic = ((counts - count * share) ** 2).sum() / (count * share * (1 - share)) * (n - 1) / n
    assert 1e-4 < stats.chi2.cdf(statistic, n - 1) < 1 - 1e-4


def test_each_pair_of_indices_is_as_likely_as_any_other(z_scores):
    n, size = 6, 3
    batches = draws(n, size, 20000, seed=1)
    member = (batches[:, :, None] == np.arange(n)).any(axis=1).astype(float)
    pairs = np.einsum("ci,cj->cij", member, member)[:, *np.triu_indices(n, 1)]
    expected = size * (size - 1) / (n * (n - 1))
    assert np.abs(z_scores(pairs, expected)).max() < 4.5


def test_a_batch_of_a_large_training_set_has_distinct_uniform_indices():
    """Beyond 2^12 examples single-precision uniforms would tie, and the first would win."""
    n = 60_000
    batches = draws(n, n // 2, 40)
    assert all(len(np.unique(batch)) == n // 2 for batch in batches)
    # The index's mean: of variance (N²-1)/12/B (1 - B/N) N/(N-1) without replacement.
    error = np.sqrt((n**2 - 1) / 12 / (n // 2) * 0.5 * n / (n - 1) / 40)
    assert abs(batches.mean() - (n - 1) / 2) < 4.5 * error


MANY = 2**22


def coarse(rng_key, examples, size):
    """As `minibatch.draw`, of numbers of 20 bits: some tie, and the first wins."""
    bits = (jax.random.bits(rng_key, (examples,), jnp.uint32) >> 12).astype(jnp.float32)
    return jax.lax.top_k(bits, size)[1]


def p_value_of_pairs(draw, count=60):
    """Chi-square of how often none, one and both of a pair are of the first half."""
    keys = jax.random.split(jax.random.key(2), count)
    pairs = np.asarray(jax.jit(lambda: jax.lax.map(lambda key: draw(key, MANY, 2), keys))())
    counts = np.bincount((pairs < MANY // 2).sum(axis=1), minlength=3)
    return stats.chisquare(counts, count * np.array([0.25, 0.5, 0.25])).pvalue


def test_pairs_of_a_huge_training_set_are_uniform_and_coarser_numbers_would_be_found_out():
    """Of 2^22 examples four share the largest number of 20 bits, and none one of 30 bits."""
    assert p_value_of_pairs(minibatch.draw) > 1e-3
    assert p_value_of_pairs(coarse) < 1e-4


def test_a_full_batch_is_the_training_set():
    assert sorted(draws(8, 8, 1)[0].tolist()) == list(range(8))


def test_minibatch_gradient_is_the_full_one_when_the_batch_is_all(any_toy):
    task, params = any_toy
    shuffled = jax.random.permutation(jax.random.key(0), task.examples)
    np.testing.assert_allclose(
        gradient(task, params, shuffled), gradient(task, params), rtol=1e-12, atol=1e-15
    )


def test_minibatch_gradient_is_the_batchs_mean_plus_the_whole_regulariser(any_toy):
    task, params = any_toy
    regular = task._replace(
        regulariser=lambda p: 0.15 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(p))
    )
    rows = np.asarray(per_example_gradients(task, params, task.x, task.y))
    flat = np.asarray(jax.flatten_util.ravel_pytree(params)[0])
    indices = np.array([4, 0, 7])
    np.testing.assert_allclose(
        gradient(regular, params, jnp.asarray(indices)),
        rows[indices].mean(axis=0) + 0.3 * flat,
        rtol=1e-10,
        atol=1e-13,
    )


def test_weights_are_a_batch_of_each_size_the_larger_ones_holding_the_smaller(z_scores):
    sizes = jnp.asarray([1, 4, 10])
    keys = jax.random.split(jax.random.key(0), 20000)
    both = jax.vmap(jax.vmap(lambda key, size: minibatch.weights(key, 10, size), (None, 0)), (0, 0))
    weights = np.asarray(both(keys, jnp.broadcast_to(sizes, (20000, 3))))
    members = weights > 0
    np.testing.assert_array_equal(members.sum(axis=2), np.broadcast_to(sizes, (20000, 3)))
    np.testing.assert_allclose(weights.sum(axis=2), 1, rtol=1e-6)
    assert (members[:, 0] <= members[:, 1]).all()
    four = members[:, 1].astype(float)
    pairs = np.einsum("ci,cj->cij", four, four)[:, *np.triu_indices(10, 1)]
    assert np.abs(z_scores(four, 0.4)).max() < 4.5
    assert np.abs(z_scores(pairs, 4 * 3 / 90)).max() < 4.5


def test_a_weighted_gradient_is_that_of_its_batch(any_toy):
    task, params = any_toy
    task = task._replace(regulariser=l2(0.3))
    weights = minibatch.weights(jax.random.key(0), task.examples, 4)
    (members,) = np.nonzero(np.asarray(weights))
    found = weighted_slope(task, params, weights)
    expected = slope(task, params, jnp.asarray(members))
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found.mean_cost, expected.mean_cost, rtol=1e-12)


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_noise_has_mean_zero_and_the_finite_sets_covariance(toy, assert_moments, batch):
    """E[ββᵀ] = (1/B - 1/N) N/(N-1) Σ, with Σ of eq. (14) normalised by N.

    The paper's statement, (N/B - 1)Σ, lacks the 1/N of a mean gradient, and the factor
    N/(N-1) -> 1: see eq. (13), whose two indices never meet without replacement.
    """
    task, params = toy("mlp")
    n = task.examples
    rows = np.asarray(per_example_gradients(task, params, task.x, task.y), float)

    @jax.jit
    @jax.vmap
    def beta(key):
        indices = minibatch.draw(key, n, batch)
        return gradient(task, params, indices) - gradient(task, params)

    noise = beta(jax.random.split(jax.random.key(3), 20000))
    sigma = np.cov(rows, rowvar=False, bias=True)
    assert_moments(noise, np.zeros(len(sigma)), (1 / batch - 1 / n) * n / (n - 1) * sigma)


def test_a_bounded_batch_is_that_of_its_size_and_weighs_it_alone():
    for size in (1, 4, 9):
        key = jax.random.key(size)
        batch = minibatch.Bounded(jnp.asarray(size), 9)
        indices, weights = minibatch.draw_bounded(key, 20, batch)
        assert indices[:size].tolist() == minibatch.draw(key, 20, size).tolist()
        assert len(indices) == 9
        np.testing.assert_allclose(weights, [1 / size] * size + [0] * (9 - size))


def test_a_step_with_a_bounded_batch_is_that_with_its_size(toy):
    task, params = toy("logistic")
    metric = exact_fisher(task)
    options = {"learning_rate": 0.1, "damping": 0.01}
    for size in (2, 7):
        plain = stochastic_ngd.build(metric, batch_size=size, **options)
        batch = minibatch.Bounded(jnp.asarray(size), 7)
        bounded = stochastic_ngd.build(metric, batch_size=batch, **options)
        start = plain.init(params)
        found, expected = (
            sampler.step(jax.random.key(0), start)[0].position["w"] for sampler in (bounded, plain)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        assert bounded.settings.batch_size == size


@pytest.mark.parametrize(("size", "largest"), [(3, 2), (0, 2), (3, 13)])
def test_a_bounded_batch_that_does_not_fit_is_refused(toy, size, largest):
    with pytest.raises(ValueError, match=r"batch_size\.(size|largest) must be a whole number in 1"):
        stochastic_ngd.build(
            exact_fisher(toy("logistic").task),
            learning_rate=0.1,
            damping=0.01,
            batch_size=minibatch.Bounded(jnp.asarray(size), largest),
        )
