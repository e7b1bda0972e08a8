"""Layers found in the gradient's program, against the gradients of `jax.grad`."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.ngd.metrics.test_per_example import MODELS, N, linen, plain

from ngd.metrics.layers import per_example_layers
from ngd.task import flatten


class Convolved(nn.Module):
    """Convolutions of `nn.Conv` with stride, dilation and without padding, and their biases."""

    @nn.compact
    def __call__(self, x):
        x = jnp.tanh(nn.Conv(4, (3, 2), strides=(2, 1), padding="VALID")(x))
        x = nn.Conv(3, (2, 2), kernel_dilation=2)(x)
        return nn.Dense(3)(x.reshape(x.shape[0], -1))


def summed(params, x):
    """Two kernels with one bias, a second bias, and a kernel kept the other way round."""
    h = jnp.tanh(x @ params[0] + x**2 @ params[1] + params[2] + params[3])
    return h @ params[4].T + params[5]


HERE = {
    "convolved": (lambda: linen(Convolved(), (6, 5, 2)), "BBB"),
    "summed": (lambda: plain(summed, [(4, 5), (4, 5), (5,), (5,), (3, 5), (3,)], (4,)), "BLWT"),
}
"""L a layer, B one with its bias, T one that is turned and has its bias, W no layer."""

THERE = {
    "cnn": "LLLL",
    "real": "WWBBWW",
    "words": "BBW",
    "folded": "LL",
    "shared": "W",
    "unused": "BW",
    "nnx": "BB",
}
"""The same of models whose rows are tested too."""


def kind(layer):
    if layer.deltas is None:
        return "W"
    if layer.place.bias is None:
        return "L"
    return "T" if layer.place.turned else "B"


@pytest.mark.parametrize("name", [*THERE, *HERE])
def test_layers_hold_the_gradients_of_each_example(name):
    make, expected = HERE.get(name) or (MODELS[name][0], THERE[name])
    logits, params, x = make()
    y = jnp.arange(N) % 3

    def loss(p, x, y):
        return -jax.nn.log_softmax(logits(p, x[None])[0])[y]

    def gradients(x, y):
        layers = per_example_layers(loss, params, x, y)
        assert sorted(map(kind, layers)) == sorted(expected)
        products = [
            layer.inputs.T if layer.deltas is None else layer.inputs.T @ layer.deltas
            for layer in layers
        ]
        pieces = [
            piece
            for layer, product in zip(layers, products, strict=True)
            for piece in layer.place.put(product)
        ]
        starts, parts = zip(*sorted(pieces, key=lambda piece: piece[0]), strict=True)
        assert list(starts) == np.cumsum([0, *map(len, parts)])[:-1].tolist()
        whole = jnp.concatenate(parts)
        taken = [layer.place.take(whole) for layer in layers]
        return whole, products, taken, flatten(jax.grad(loss)(params, x, y))

    ours, products, taken, exact = jax.jit(jax.vmap(gradients))(x, y)
    np.testing.assert_allclose(ours, exact, atol=2e-6 * max(np.abs(exact).max(), 1))
    for one, other in zip(products, taken, strict=True):
        np.testing.assert_array_equal(one, other)
