"""The Fisher information against closed forms and brute-force expectations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.ngd.metrics.test_per_example import MODELS, assert_products

from ngd import likelihood
from ngd.likelihood import categorical
from ngd.metrics import empirical_fisher, exact_fisher, logistic_fisher, sampled_fisher
from ngd.metrics import fisher as module
from ngd.metrics.fisher import exact_rows
from ngd.metrics.layouts import Blocks
from ngd.metrics.unkept import Unkept
from ngd.task import Task, flatten


def estimate(metric, position, seed=0):
    """UᵀU of one estimate."""
    estimate = jax.jit(metric.factor)
    factor, _ = estimate(jax.random.key(seed), position, metric.init(position))
    rows = factor.written()
    return np.asarray(rows.T @ rows)


def example_gradients(task, params):
    """`g(x_i, y_i)`: one row, by `jax.grad` of one example's loss."""

    def loss(p, x_i, y_i):
        return -jax.nn.log_softmax(task.logits(p, x_i[None])[0])[y_i]

    return jax.jit(lambda x_i, y_i: flatten(jax.grad(loss)(params, x_i, y_i)))


def brute_force(task, params):
    """Eq. (7) by a loop over the examples and over all labels."""
    fisher, gradient = 0, example_gradients(task, params)
    for x_i in task.x:
        probabilities = np.asarray(jax.nn.softmax(task.logits(params, x_i[None])[0]))
        for label, probability in enumerate(probabilities):
            g = np.asarray(gradient(x_i, label))
            fisher = fisher + probability * np.outer(g, g) / task.examples
    return fisher


def test_exact_fisher_of_logistic_regression_is_the_closed_form(toy, x64):
    task, params = toy("logistic")
    x = np.asarray(task.x)
    p = 1 / (1 + np.exp(-x @ np.asarray(params["w"])))
    expected = x.T @ np.diag(p * (1 - p)) @ x / len(x)
    np.testing.assert_allclose(estimate(exact_fisher(task), params), expected, rtol=1e-12)


def test_logistic_fisher_is_the_exact_one(toy, x64):
    task, params = toy("logistic")
    for position in (params, jax.tree.map(lambda leaf: 400 * leaf, params)):
        np.testing.assert_allclose(
            estimate(logistic_fisher(task), position),
            estimate(exact_fisher(task), position),
            rtol=1e-10,
        )


def test_logistic_fisher_refuses_inputs_that_are_no_matrix(toy):
    task, _ = toy("logistic")
    with pytest.raises(ValueError, match=r"shape \(N, P\), got \(12, 3, 1\)"):
        logistic_fisher(task._replace(x=task.x[..., None]))


def test_exact_fisher_of_softmax_regression_is_the_closed_form(toy, x64):
    task, params = toy("softmax")
    x, bias, w = np.asarray(task.x), np.asarray(params["bias"]), np.asarray(params["w"])
    z = x @ w.T + bias
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    blocks = [np.diag(p_i) - np.outer(p_i, p_i) for p_i in p]
    # The leaves come in the order of their names: the bias first.
    expected = np.zeros((16, 16))
    for block, x_i in zip(blocks, x, strict=True):
        expected[:4, :4] += block
        expected[:4, 4:] += np.kron(block, x_i)
        expected[4:, :4] += np.kron(block, x_i).T
        expected[4:, 4:] += np.kron(block, np.outer(x_i, x_i))
    np.testing.assert_allclose(
        estimate(exact_fisher(task), params), expected / len(x), rtol=1e-10, atol=1e-14
    )


def test_exact_fisher_is_the_expectation_over_the_models_labels(any_toy):
    task, params = any_toy
    np.testing.assert_allclose(
        estimate(exact_fisher(task), params), brute_force(task, params), rtol=1e-10, atol=1e-13
    )


@pytest.mark.parametrize("kept", [module.KEPT, 0])
@pytest.mark.parametrize("name", ["mlp", "cnn", "gaussian", "gaussian_with_scale", "bernoulli"])
def test_a_large_exact_fisher_is_the_same_written_out_or_not(name, kept, monkeypatch):
    """By its layers, and by passes through the network: the same rows in the same order."""
    if name in MODELS:
        logits, params, x = MODELS[name][0]()
        task = Task(logits, x, jnp.arange(len(x)) % 3)
    else:
        made = {"gaussian": likelihood.gaussian(0.5)}.get(name) or getattr(likelihood, name)
        params = {
            "first": jax.random.normal(jax.random.key(2), (3, 4)),
            "last": jax.random.normal(jax.random.key(3), (4, 2 if "scale" in name else 1)),
        }
        x = jax.random.normal(jax.random.key(1), (7, 3))
        y = jnp.zeros(7, float if name.startswith("gaussian") else int)
        task = Task(lambda p, x: jnp.tanh(x @ p["first"]) @ p["last"], x, y, likelihood=made)
    rows = np.asarray(exact_rows(task, params), float)
    monkeypatch.setattr(module, "WRITTEN", 0)
    monkeypatch.setattr(module, "KEPT", kept)
    factor = jax.jit(exact_fisher(task).at)(params)
    assert isinstance(factor, Blocks if kept else Unkept)
    assert_products(factor, rows)


def test_exact_fisher_in_single_precision_is_that_in_double(toy):
    task, params = toy("mlp")
    single = estimate(exact_fisher(task), params)
    assert single.dtype == np.float32
    with jax.enable_x64(True):
        double = estimate(exact_fisher(toy("mlp").task), toy("mlp").params)
    np.testing.assert_allclose(single, double, atol=1e-5 * np.abs(double).max())


def test_exact_fisher_does_not_depend_on_the_labels(any_toy):
    task, params = any_toy
    other = task._replace(y=(task.y + 1) % 2)
    np.testing.assert_array_equal(exact_rows(task, params), exact_rows(other, params))


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("name", ["logistic", "softmax"])
def test_exact_fisher_of_saturated_predictions_is_finite_in_single_precision(toy, name, scale):
    task, params = toy(name)
    params = jax.tree.map(lambda leaf: scale * leaf, params)
    fisher = estimate(exact_fisher(task), params)
    assert fisher.dtype == np.float32
    assert np.isfinite(fisher).all()
    # A label's variance is at most 1/4, and so the trace at most the mean of |x|²/2.
    inputs = np.asarray(task.x)
    assert np.trace(fisher) <= (1 + (inputs**2).sum(axis=1)).mean()
    # At the largest scale every probability is 0 or 1 in single precision.
    assert scale < 1e6 or np.abs(fisher).max() < 1e-6


def test_exact_fisher_of_unlikely_labels_keeps_its_relative_precision(x64, toy):
    """P(label 1) = e^-40 has variance p(1-p) = 4e-18, not a rounding error of 1."""
    task, _ = toy("logistic")
    task = task._replace(x=jnp.ones((1, 3)), y=task.y[:1])
    fisher = estimate(exact_fisher(task), {"w": jnp.array([-40.0, 0.0, 0.0])})
    np.testing.assert_allclose(fisher, np.full((3, 3), np.exp(-40)), rtol=1e-10)


@pytest.mark.parametrize("batch", [1, 5, 9])
def test_sampled_fisher_is_unbiased_over_labels_and_minibatches(toy, z_scores, batch):
    with jax.enable_x64(True):
        expected = brute_force(*toy("mlp"))
    task, params = toy("mlp")
    metric = sampled_fisher(task, batch)

    @jax.jit
    @jax.vmap
    def draw(key):
        rows = metric.factor(key, params, ())[0].written()
        return rows.T @ rows

    draws = draw(jax.random.split(jax.random.key(1), 4000))
    upper = np.triu_indices(expected.shape[0])
    assert np.abs(z_scores(draws[:, *upper], expected[upper])).max() < 4.5


def test_sampled_fisher_has_a_row_an_example(toy):
    task, params = toy("mlp")
    factor, _ = sampled_fisher(task, 5).estimate(jax.random.key(0), params, ())
    assert factor.shape == (5, flatten(params).size)


def test_sampled_fisher_of_integer_inputs_is_that_of_the_same_floats(toy, unchecked):
    """Images come as bytes, tokens as numbers: the inputs' type is not the gradients'."""
    task, params = toy("softmax")
    whole = jnp.round(3 * task.x)
    integer, floating = (
        estimate(sampled_fisher(task._replace(x=x), 6), params) for x in (whole.astype(int), whole)
    )
    assert np.abs(floating).max() > 0.01
    np.testing.assert_allclose(integer, floating, rtol=1e-5)


def test_sampled_fisher_of_distinct_keys_differs(toy):
    task, params = toy("mlp")
    metric = sampled_fisher(task, 9)
    assert np.abs(estimate(metric, params, 1) - estimate(metric, params, 2)).max() > 1e-3


def test_empirical_fisher_is_the_mean_outer_product_at_the_training_labels(any_toy):
    task, params = any_toy
    gradient = example_gradients(task, params)
    loop = [gradient(*pair) for pair in zip(task.x, task.y, strict=True)]
    expected = sum(np.outer(g, g) for g in loop) / len(loop)
    np.testing.assert_allclose(
        estimate(empirical_fisher(task), params), expected, rtol=1e-10, atol=1e-14
    )


def test_fisher_metrics_leave_out_the_regulariser(toy, x64):
    task, params = toy("mlp")
    regular = task._replace(regulariser=lambda p: 3.0 * jnp.sum(p["bias"] ** 4))
    for metric in (exact_fisher, empirical_fisher, lambda t: sampled_fisher(t, 4)):
        np.testing.assert_array_equal(
            estimate(metric(task), params), estimate(metric(regular), params)
        )


@pytest.mark.parametrize("batch", [0, 10, -1, 2.5])
def test_sampled_fisher_refuses_a_batch_outside_the_training_set(toy, unchecked, batch):
    with pytest.raises(ValueError, match=rf"fisher batch_size .*1\.\.9.*{batch}"):
        sampled_fisher(toy("mlp").task, batch)


def test_losses_are_minus_the_log_of_the_softmax(x64):
    logits = np.random.default_rng(0).normal(size=(6, 4)) * 5
    y = np.array([0, 1, 2, 3, 1, 0])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        categorical.losses(jnp.asarray(logits), jnp.asarray(y)),
        -np.log(p[np.arange(6), y]),
        rtol=1e-12,
    )
