"""Logistic regression, section 6.1."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float


class Logistic(nn.Module):
    """P(y|x, ω) = 1/(1 + e^{-yω·x}) for y in {-1, 1}, here labels {0, 1}; no bias.

    The paper writes e^{+yω·x}, by which ω_true would be the least likely parameters.
    """

    @nn.compact
    def __call__(self, x: Float[Array, "n d"]) -> Float[Array, "n 2"]:
        """The logits (0, ω·x)."""
        weights = self.param("weights", nn.initializers.zeros, (x.shape[1],))
        margin = x @ weights
        return jnp.stack([jnp.zeros_like(margin), margin], axis=1)
