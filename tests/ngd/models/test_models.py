"""The paper's models against counts, closed forms and Flax's own layers."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd.models import CNN, MLP, Logistic


@pytest.mark.parametrize(
    ("model", "inputs", "count"),
    [(Logistic(), (64,), 64), (MLP(), (10,), 800), (CNN(), (28, 28, 1), 3490)],
)
def test_parameters_are_as_many_as_the_paper_counts(model, inputs, count):
    params = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, *inputs)))
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == count


def test_convolutions_of_the_cnn_have_1890_parameters_and_its_softmax_layer_1600():
    params = jax.eval_shape(CNN().init, jax.random.key(0), jnp.zeros((1, 28, 28, 1)))["params"]
    assert sorted(leaf.size for leaf in jax.tree.leaves(params)) == [90, 900, 900, 1600]


def test_logistic_regression_has_the_likelihood_of_section_6(x64):
    """P(y|x, ω) = 1/(1 + e^{-yω·x}) for y = ±1, labels 1 and 0."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(6, 3)), rng.normal(size=3)
    logits = Logistic().apply({"params": {"weights": jnp.asarray(w)}}, jnp.asarray(x))
    np.testing.assert_allclose(logits, np.stack([np.zeros(6), x @ w], axis=1), rtol=1e-12)
    probabilities = jax.nn.softmax(logits)
    for label, sign in ((0, -1), (1, 1)):
        expected = 1 / (1 + np.exp(-sign * x @ w))
        np.testing.assert_allclose(probabilities[:, label], expected, rtol=1e-12)


def test_logistic_regression_starts_undecided():
    params = Logistic().init(jax.random.key(0), jnp.ones((2, 5)))
    np.testing.assert_array_equal(jax.nn.softmax(Logistic().apply(params, jnp.ones((2, 5)))), 0.5)


def test_mlp_is_two_matrix_products_with_a_rectifier_between(x64):
    x = np.random.default_rng(0).normal(size=(5, 10))
    params = MLP().init(jax.random.key(0), jnp.asarray(x))
    first, second = (np.asarray(leaf, float) for leaf in jax.tree.leaves(params))
    assert first.shape == (10, 40)
    expected = np.maximum(x @ first, 0) @ second
    np.testing.assert_allclose(MLP().apply(params, jnp.asarray(x)), expected, rtol=1e-10)


class FlaxCNN(nn.Module):
    channels: int
    labels: int

    @nn.compact
    def __call__(self, x):
        for _ in range(3):
            x = nn.Conv(self.channels, (3, 3), strides=2, padding="SAME", use_bias=False)(x)
            x = nn.relu(x)
        return nn.Dense(self.labels, use_bias=False)(x.reshape(x.shape[0], -1))


@pytest.mark.parametrize(("side", "depth"), [(28, 1), (14, 3), (7, 1), (5, 2)])
def test_cnn_is_flaxs_convolutions_with_the_same_kernels(x64, side, depth):
    x = jnp.asarray(np.random.default_rng(1).normal(size=(2, side, side, depth)))
    params = jax.jit(CNN().init)(jax.random.key(0), x)
    ours_by_name = params["params"]
    convolutions = {f"Conv_{i}": ours_by_name[f"Convolution_{i}"] for i in range(3)}
    theirs = {"params": {**convolutions, "Dense_0": ours_by_name["Dense_0"]}}

    def slopes(model):
        return jax.jit(jax.grad(lambda p, x: (model.apply(p, x)[:, 1] ** 2).sum(), argnums=(0, 1)))

    ours, reference = CNN(), FlaxCNN(10, 10)
    logits = ours.apply(params, x)
    assert np.abs(logits).max() > 1e-3
    np.testing.assert_allclose(logits, reference.apply(theirs, x), rtol=1e-9, atol=1e-12)
    gradients = slopes(ours)(params, x), slopes(reference)(theirs, x)
    for mine, theirs in zip(*map(jax.tree.leaves, gradients), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


def test_curvature_of_the_cnn_is_that_of_flaxs_convolutions(x64):
    """Forward over reverse, as `jax.hessian` differentiates."""
    x = jnp.asarray(np.random.default_rng(1).normal(size=(2, 9, 9, 2)))
    params = jax.jit(CNN().init)(jax.random.key(0), x)
    convolutions = {f"Conv_{i}": params["params"][f"Convolution_{i}"] for i in range(3)}
    theirs = {"params": {**convolutions, "Dense_0": params["params"]["Dense_0"]}}

    def products(model, p):
        def slope(p, x):
            cost = lambda p, x: (model.apply(p, x)[:, 1] ** 2).sum()  # noqa: E731
            return jax.grad(cost, argnums=(0, 1))(p, x)

        directions = jax.tree.map(lambda leaf: jnp.cos(leaf + 1), (p, x))
        return jax.jit(lambda: jax.jvp(slope, (p, x), directions)[1])()

    ours, reference = products(CNN(), params), products(FlaxCNN(10, 10), theirs)
    for mine, other in zip(*map(jax.tree.leaves, (ours, reference)), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-8, atol=1e-11)
