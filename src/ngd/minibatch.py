"""Minibatches without replacement, as eq. (12) and section 6.1 ask."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray


@partial(jax.tree_util.register_dataclass, data_fields=["size"], meta_fields=["largest"])
@dataclass(frozen=True)
class Bounded:
    """A batch size B that is known only when a step runs, and what it is at most.

    Attributes:
        size: B, an integer array of shape (); `vmap` may run over it.
        largest: no B is above it. A step draws so many examples, of which the first B count.
    """

    size: Any
    largest: int


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


def noise_share(examples: int, batch_size: int) -> float:
    """The factor c of Cov β = cS, β of eq. (12) and S of eq. (14): (N-B)/(B(N-1)), exactly."""
    if examples == 1:
        return 0.0
    return (examples - batch_size) / (batch_size * (examples - 1))


def draw_bounded(
    rng_key: PRNGKeyArray, examples: int, batch: Bounded
) -> tuple[Int[Array, " largest"], Float[Array, " largest"]]:
    """`draw` for each B at once: indices, of which the first B are those that it gives.

    Returns:
        The indices, and for each 1/B, or 0 where it is not in the minibatch.
    """
    indices = draw(rng_key, examples, batch.largest)
    counted = jnp.arange(batch.largest) < batch.size
    return indices, counted / jnp.asarray(batch.size, float)


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
