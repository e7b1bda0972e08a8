"""The convolutional network of section 6.4."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float


def patches(x: Float[Array, "n h h c"]) -> Float[Array, "n o o nine_c"]:
    """The 3 x 3 windows of a stride-2 convolution with padding SAME, along the last axis."""
    n, side, _, channels = x.shape
    out = -(-side // 2)
    before = max((out - 1) * 2 + 3 - side, 0) // 2
    pad = (before, 2 * (out + 1) - side - before)
    # Rows and columns are split by parity, since XLA's gradient of a strided slice is slow.
    x = jnp.pad(x, ((0, 0), pad, pad, (0, 0))).reshape(n, out + 1, 2, out + 1, 2, channels)
    windows = [
        x[:, i // 2 : i // 2 + out, i % 2, j // 2 : j // 2 + out, j % 2]
        for i in range(3)
        for j in range(3)
    ]
    return jnp.concatenate(windows, axis=-1)


class CNN(nn.Module):
    """Three 3 x 3 convolutions of stride 2 and `channels` outputs, then a softmax layer.

    No biases: 90 + 900 + 900 + 1600 = 3490 parameters on 28 x 28 x 1 images, as section
    6.4 counts them. The convolutions are written as matrix products of patches, since
    XLA's own lose their threads inside a `scan`; the numbers are those of `nn.Conv`.
    """

    channels: int = 10
    labels: int = 10

    @nn.compact
    def __call__(self, x: Float[Array, "n h h c"]) -> Float[Array, "n K"]:
        """The logits."""
        for _ in range(3):
            x = nn.relu(nn.Dense(self.channels, use_bias=False)(patches(x)))
        return nn.Dense(self.labels, use_bias=False)(x.reshape(x.shape[0], -1))
