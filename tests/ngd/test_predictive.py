"""Streamed ensemble predictions against the stored average of eq. (6)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ngd
from ngd import likelihood, predictive


def stored(samples, y):
    """Eq. (6) and the scores from all samples' logits (M, n, K), in double precision."""
    z = np.asarray(samples, float)
    log_p = z - z.max(axis=2, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=2, keepdims=True))
    top = log_p.max(axis=0)
    mean = top + np.log(np.exp(log_p - top).mean(axis=0))
    rows = np.arange(len(y))
    return mean, predictive.Scores(
        ensemble_cross_entropy=-mean[rows, y].mean(),
        ensemble_accuracy=(mean.argmax(axis=1) == y).mean(),
        single_cross_entropy=-log_p[:, rows, y].mean(),
        single_accuracy=(log_p.argmax(axis=2) == y).mean(),
    )


def streamed(samples, y):
    ensemble = predictive.start(samples.shape[1], samples.shape[2])
    for logits in samples:
        ensemble = predictive.add(ensemble, jnp.asarray(logits), jnp.asarray(y))
    return ensemble


def problem(samples, examples, labels, scale, seed=0):
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(samples, examples, labels)), rng.integers(0, labels, examples)


@pytest.mark.parametrize("labels", [2, 5])
@pytest.mark.parametrize("samples", [1, 2, 40])
def test_streamed_ensemble_is_the_stored_average(x64, samples, labels):
    logits, y = problem(samples, 12, labels, 3.0)
    ensemble = streamed(logits, y)
    mean, scores = stored(logits, y)
    np.testing.assert_allclose(predictive.log_probabilities(ensemble), mean, rtol=1e-10)
    got = predictive.scores(ensemble, jnp.asarray(y))
    np.testing.assert_allclose(got[::2], scores[::2], rtol=1e-10)
    # Accuracies are means of truth values, which JAX takes in single precision.
    np.testing.assert_allclose(got[1::2], scores[1::2], rtol=1e-6)


def test_confident_and_wrong_samples_do_not_underflow_in_single_precision():
    """Logits of ±300: the probability of a label is e^-600, and float32 ends at e^-103."""
    logits = np.full((4, 3, 2), -300, np.float32)
    logits[:, :, 0] = 300
    logits[2, 1] = [-300, 300]
    y = np.array([1, 1, 0])
    ensemble = streamed(logits, y)
    mean, scores = stored(logits, y)
    got = predictive.log_probabilities(ensemble)
    assert got.dtype == np.float32
    assert mean.min() < -590
    np.testing.assert_allclose(got, mean, rtol=1e-6, atol=1e-6)
    for value, expected in zip(predictive.scores(ensemble, jnp.asarray(y)), scores, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_ensemble_predictions_are_probabilities():
    logits, y = problem(30, 8, 4, 20.0)
    p = np.exp(np.asarray(predictive.log_probabilities(streamed(logits.astype(np.float32), y))))
    # Each addition rounds the logarithms, whose size is the logits'.
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=30 * 100 * np.finfo(np.float32).eps)


def test_order_of_samples_does_not_matter(x64):
    logits, y = problem(9, 6, 3, 4.0)
    forward, backward = streamed(logits, y), streamed(logits[::-1], y)
    for a, b in zip(forward, backward, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_an_ensemble_is_no_worse_than_its_mean_sample(x64):
    """Jensen's inequality, which holds for each label and so for any test set."""
    for seed in range(20):
        logits, y = problem(5, 7, 3, 3.0, seed)
        scores = predictive.scores(streamed(logits, y), jnp.asarray(y))
        assert scores.ensemble_cross_entropy < scores.single_cross_entropy


def test_copies_of_one_sample_are_that_sample(x64):
    logits, y = problem(1, 7, 3, 3.0)
    scores = predictive.scores(streamed(np.repeat(logits, 6, axis=0), y), jnp.asarray(y))
    assert scores.ensemble_cross_entropy == pytest.approx(float(scores.single_cross_entropy))
    assert scores.ensemble_accuracy == pytest.approx(float(scores.single_accuracy))


def test_adding_inside_a_scan_is_adding_one_by_one(x64):
    logits, y = problem(11, 6, 3, 4.0)
    start = predictive.start(6, 3)
    scanned, _ = jax.lax.scan(
        lambda e, z: (predictive.add(e, z, jnp.asarray(y)), None), start, jnp.asarray(logits)
    )
    for a, b in zip(scanned, streamed(logits, y), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_an_ensemble_of_no_sample_predicts_nothing():
    assert np.isnan(predictive.log_probabilities(predictive.start(3, 2))).all()


@pytest.mark.parametrize("precision", [jnp.bfloat16, jnp.float16])
def test_equal_samples_in_half_precision_are_one_sample(precision):
    """In half precision the sum stands still: 300 copies then cost 1.5 nats more than one."""
    logits, y = problem(1, 4, 2, 3.0)
    sample, y = jnp.asarray(logits[0], precision), jnp.asarray(y)
    ensemble = jax.lax.fori_loop(
        0, 300, lambda i, e: predictive.add(e, sample, y), predictive.start(4, 2)
    )
    assert {leaf.dtype for leaf in ensemble} == {jnp.dtype(jnp.float32)}
    got = predictive.scores(ensemble, y).ensemble_cross_entropy
    expected = stored(np.asarray(sample, float)[None], np.asarray(y))[1].ensemble_cross_entropy
    # 300 roundings of numbers of order ln 300.
    assert float(got) == pytest.approx(expected, abs=300 * 6 * float(np.finfo(np.float32).eps))


def test_without_labels_there_are_the_same_predictions_and_no_scores_of_samples(x64):
    logits, y = problem(3, 5, 2, 3.0)
    blind = predictive.start(5, 2)
    for z in logits:
        blind = predictive.add(blind, jnp.asarray(z))
    np.testing.assert_array_equal(blind.log_sum, streamed(logits, y).log_sum)
    scores = predictive.scores(blind, jnp.asarray(y))
    assert np.isfinite(scores.ensemble_cross_entropy)
    assert np.isnan(scores.single_cross_entropy)
    assert np.isnan(scores.single_accuracy)


def test_pooled_ensembles_are_the_ensemble_of_all_samples(x64):
    logits, y = problem(6, 5, 3, 3.0)
    halves = [streamed(logits[:2], y), streamed(logits[2:], y)]
    pooled = predictive.pool(jax.tree.map(lambda a, b: jnp.stack([a, b]), *halves))
    for a, b in zip(pooled, streamed(logits, y), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize(
    ("y", "says"),
    [([-1, 1, 1], "got -1"), ([0, 1, 2], r"0\.\.1, got 2"), ([0, 1], "each of 3 test inputs")],
)
def test_scores_refuse_labels_that_are_none(unchecked, y, says):
    ensemble = predictive.add(predictive.start(3, 2), jnp.zeros((3, 2)))
    with pytest.raises(ValueError, match=says):
        predictive.scores(ensemble, np.array(y))


def test_predictions_of_a_regression_are_the_closed_form(x64, z_scores):
    """Exact draws of a Gaussian posterior: y at x is Gaussian of mean xμ, variance σ² + xΣxᵀ."""
    rng = np.random.default_rng(0)
    x, sd = rng.normal(size=(20, 2)), 0.7
    y = x @ [1.0, -2.0] + sd * rng.normal(size=20)
    covariance = np.linalg.inv(x.T @ x / sd**2 + np.eye(2))
    mean = covariance @ x.T @ y / sd**2
    task = ngd.Task(
        lambda p, x: (x @ p["w"])[:, None],
        x,
        y,
        likelihood=likelihood.gaussian(sd),
        prior=ngd.gaussian_prior(1.0),
    )
    draws = {"w": jnp.asarray(rng.multivariate_normal(mean, covariance, size=(2, 20_000)))}
    new, at = np.array([[1.0, 1.0], [3.0, -1.0]]), np.array([0.3, 4.0])
    spread = np.sqrt(sd**2 + np.einsum("ni,ij,nj->n", new, covariance, new))
    found = predictive.outputs(task, draws, new)
    assert found.shape == (2, 20_000, 2, 1)
    assert np.abs(z_scores(found.reshape(-1, 2), new @ mean)).max() < 4.5
    labels = predictive.labels(jax.random.key(0), task, draws, new)
    assert labels.shape == (2, 20_000, 2, 1)
    apart = (labels.reshape(-1, 2) - new @ mean) / spread
    assert np.abs(z_scores(apart, 0.0)).max() < 4.5
    assert np.abs(z_scores(apart**2, 1.0)).max() < 4.5
    exact = -0.5 * ((at - new @ mean) / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))
    log_density = predictive.log_density(task, draws, new, at)
    # The error of a mean over 40,000 draws is below 1%.
    np.testing.assert_allclose(log_density, exact, atol=0.03)
    with pytest.raises(ValueError, match="a label for each of 2 inputs, got 1"):
        predictive.log_density(task, draws, new, at[:1])


def test_the_log_density_of_classes_is_minus_the_ensembles_cross_entropy(toy, x64):
    task, params = toy("softmax")
    draws = jax.tree.map(lambda leaf: leaf + jnp.linspace(0, 1, 6).reshape(2, 3, 1), params["bias"])
    draws = {"w": jnp.broadcast_to(params["w"], (2, 3, *params["w"].shape)), "bias": draws}
    ensemble = predictive.start(task.examples, 4)
    for chain in range(2):
        for draw in range(3):
            p = jax.tree.map(lambda leaf, c=chain, d=draw: leaf[c, d], draws)
            ensemble = predictive.add(ensemble, task.logits(p, task.x), task.y)
    expected = predictive.scores(ensemble, task.y).ensemble_cross_entropy
    found = predictive.log_density(task, draws, task.x, task.y)
    assert -found.mean() == pytest.approx(float(expected), rel=1e-10)
