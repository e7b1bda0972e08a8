"""MNIST as the models of sections 6.3 and 6.4 see it."""

import jax
import jax.numpy as jnp
import numpy as np

from artifact.engine.keys import key
from artifact.problems.mnist import Images
from artifact.protocols import Examples

PROBE = 32
"""Test images by which a network is known to be dead: it answers the same to all of them."""


def training_set(images: Images, root: int, examples: int, seed: int) -> Examples:
    """A seed's own draw of N training images without replacement, pixels in [0, 1]."""
    drawn = key(root, "mnist", "training set", N=examples, seed=seed)
    chosen = np.asarray(jax.random.permutation(drawn, len(images.y_train))[:examples])
    return examples_of(images.x_train[chosen], images.y_train[chosen])


def test_set(images: Images) -> Examples:
    """The whole test set, pixels in [0, 1]."""
    return examples_of(images.x_test, images.y_test)


def examples_of(x: np.ndarray, y: np.ndarray) -> Examples:
    """Images as float32 of shape (n, 28, 28, 1) in [0, 1], labels as int32."""
    return Examples(jnp.asarray(x, jnp.float32)[..., None] / 255, jnp.asarray(y, jnp.int32))
