"""The exponential moving average of a metric over previous updates, section 6.4."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from ngd import bounds
from ngd.metrics.factor import Factor, Weighted
from ngd.metrics.metric import Metric, has_rows
from ngd.metrics.unkept import Unkept
from ngd.task import Params


class Memory(NamedTuple):
    """The newest estimates, and what the averaged metric itself remembers.

    Attributes:
        ring: the factors' rows, `window` factors one after the other.
        seen: estimates so far.
        inner: the memory of the metric that is averaged.
    """

    ring: Factor
    seen: Int[Array, ""]
    inner: tuple


def smoothing(learning_rate: float, base: float = 0.95, unit: float = 0.001) -> float:
    """The smoothing coefficient α = 0.95^(ε/0.001) of section 6.4."""
    return base ** (learning_rate / unit)


def window(smoothing: float, tolerance: float) -> int:
    """How many estimates hold all but `tolerance` of the average's weight."""
    bounds.fraction("smoothing", smoothing)
    bounds.positive("tolerance", tolerance)
    if smoothing == 0:
        return 1
    return max(1, math.ceil(math.log(tolerance) / math.log(smoothing)))


def moving_average(metric: Metric, smoothing: float, tolerance: float = 1e-4) -> Metric:
    r"""G_t = αG_{t-1} + (1 - α)Ĝ_t, from G_0 = Ĝ_0: section 6.4.

    Kept as the factors of the newest `window` estimates, so that no P x P matrix is stored: so many
    times the memory of one, and a product takes so many times as long. What is dropped weighs
    α^window <= `tolerance` of the whole; the weights of the rest are scaled up to sum to one, which
    leaves the average unbiased.

    Args:
        metric: what is averaged.
        smoothing: α in [0, 1).
        tolerance: the weight that may be dropped, > 0.

    Raises:
        ValueError: α is not in [0, 1), or the tolerance is not positive; from `init`, the metric
            has no rows (`kfac` averages by itself).
    """
    length = window(smoothing, tolerance)

    def init(position: Params) -> Memory:
        inner = metric.init(position)
        like, _ = jax.eval_shape(metric.factor, jax.random.key(0), position, inner)
        like = has_rows(like)
        if isinstance(like, Weighted) and isinstance(like.rows, Unkept):
            raise ValueError(
                f"moving_average keeps the rows of {length} estimates, and those of one alone, "
                f"{like.shape[0]} x {like.shape[1]}, are not kept: take fewer examples, no average"
            )
        ring = jax.tree.map(lambda a: jnp.zeros((length * a.shape[0], *a.shape[1:]), a.dtype), like)
        return Memory(ring, jnp.zeros((), int), inner)

    def estimate(
        rng_key: PRNGKeyArray, position: Params, memory: Memory
    ) -> tuple[Weighted, Memory]:
        estimated, inner = metric.factor(rng_key, position, memory.inner)
        newest = has_rows(estimated)
        slot = memory.seen % length
        m, _ = newest.shape
        ring = jax.tree.map(
            lambda held, new: jax.lax.dynamic_update_slice_in_dim(held, new, slot * m, 0),
            memory.ring,
            newest,
        )
        age = (memory.seen - jnp.arange(length)) % length
        # The first estimate stands for all that came before it, hence its weight α^age.
        weights = jnp.where(age == memory.seen, 1.0, 1 - smoothing) * smoothing**age
        weights = jnp.where(age <= memory.seen, weights, 0)
        roots = jnp.sqrt(weights / weights.sum()).astype(newest.dtype)
        return ring.scale(jnp.repeat(roots, m)), Memory(ring, memory.seen + 1, inner)

    return Metric(metric.task, init, estimate, pure=False)
