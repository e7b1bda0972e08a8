"""The multilayer perceptron of section 6.3."""

import flax.linen as nn
from jaxtyping import Array, Float


class MLP(nn.Module):
    """One hidden layer of rectified units, then a softmax layer; no biases.

    With 10 inputs, 40 hidden units and 10 labels: 800 parameters.
    """

    hidden: int = 40
    labels: int = 10

    @nn.compact
    def __call__(self, x: Float[Array, "n d"]) -> Float[Array, "n K"]:
        """The logits."""
        x = nn.relu(nn.Dense(self.hidden, use_bias=False)(x))
        return nn.Dense(self.labels, use_bias=False)(x)
