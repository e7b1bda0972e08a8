"""Running a chain: burn-in, then samples folded into whatever is to be kept of them."""

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Int, PRNGKeyArray

from ngd.samplers.algorithm import SamplingAlgorithm


def run(
    rng_key: PRNGKeyArray,
    algorithm: SamplingAlgorithm,
    state: Any,
    updates: int | Int[Array, ""],
    fold: Callable[[Any, Int[Array, ""], Any, Any], Any] | None = None,
    kept: Any = (),
    first: int | Int[Array, ""] = 0,
) -> tuple[Any, Any]:
    """`updates` steps, with `kept = fold(kept, i, state, info)` after update i.

    Update i draws from `fold_in(rng_key, i)`, so a chain run in pieces, each beginning at
    `first`, is the chain run whole.

    Args:
        rng_key: the chain's key.
        algorithm: a sampler.
        state: where it is.
        updates: how many steps; burn-in is a call without `fold`.
        fold: what to do with a state; None keeps nothing.
        kept: what has been kept so far.
        first: the number of the first update.

    Returns:
        The last state, and what was kept.
    """

    def body(i: Int[Array, ""], carry: tuple[Any, Any]) -> tuple[Any, Any]:
        state, kept = carry
        state, info = algorithm.step(jax.random.fold_in(rng_key, first + i), state)
        return state, kept if fold is None else fold(kept, first + i, state, info)

    return jax.lax.fori_loop(0, updates, body, (state, kept))
