"""Minibatches without replacement, as eq. (12) and section 6.1 ask."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray


def draw(rng_key: PRNGKeyArray, examples: int, size: int) -> Int[Array, " size"]:
    """`size` distinct indices of 0..`examples`-1, uniformly: the training set sorted anew.

    The examples of the `size` largest of N random numbers: as the first of a permutation,
    but a partial sort, up to ten times faster than a whole one.
    """
    if size == examples:
        # A full batch has no noise, so its order does not matter.
        return jnp.arange(examples)
    # XLA's fast partial sort is for floats. A float in [0, 1) has 2^23 values, few enough
    # for ties; these 2^30 bit patterns are distinct normal floats in the integers' order.
    bits = jnp.uint32(0x00800000) + (jax.random.bits(rng_key, (examples,), jnp.uint32) >> 2)
    return jax.lax.top_k(jax.lax.bitcast_convert_type(bits, jnp.float32), size)[1]


def weights(
    rng_key: PRNGKeyArray, examples: int, size: int | Int[Array, ""]
) -> Float[Array, " examples"]:
    """1/B for each example of a minibatch and 0 for all others.

    B need not be known when a program is compiled, so that one program can run chains of
    several temperatures: under `vmap` over B alone they share the draw, the larger batches
    holding the smaller ones.
    """
    drawn = jax.random.permutation(rng_key, examples) < size
    return drawn / jnp.asarray(size, float)
