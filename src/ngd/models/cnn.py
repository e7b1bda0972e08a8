"""The convolutional network of section 6.4."""

import flax.linen as nn
from jaxtyping import Array, Float

from ngd.models.convolution import Convolution


class CNN(nn.Module):
    """Three 3 x 3 convolutions of stride 2 and `channels` outputs, then a softmax layer.

    No biases: 90 + 900 + 900 + 1600 = 3490 parameters on 28 x 28 x 1 images, as section
    6.4 counts them.
    """

    channels: int = 10
    labels: int = 10

    @nn.compact
    def __call__(self, x: Float[Array, "n h h c"]) -> Float[Array, "n K"]:
        """The logits."""
        for _ in range(3):
            x = nn.relu(Convolution(self.channels)(x))
        return nn.Dense(self.labels, use_bias=False)(x.reshape(x.shape[0], -1))
