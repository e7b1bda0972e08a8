"""Minibatches without replacement, as eq. (12) and section 6.1 ask."""

import jax
from jaxtyping import Array, Int, PRNGKeyArray


def draw(rng_key: PRNGKeyArray, examples: int, size: int) -> Int[Array, " size"]:
    """`size` distinct indices of 0..`examples`-1, uniformly: the training set sorted anew."""
    if size == examples:
        # A full batch has no noise, so its order does not matter.
        return jax.numpy.arange(examples)
    return jax.random.permutation(rng_key, examples)[:size]
