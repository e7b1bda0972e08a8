"""The convention of BlackJAX that every sampler here follows: `init` and `step`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from ngd.task import Params


class SamplingAlgorithm(NamedTuple):
    """A sampler closed over its data; fits `blackjax.util.run_inference_algorithm`.

    Attributes:
        init: `init(position, rng_key=None) -> state`, the state's `position` being ω.
        step: `step(rng_key, state) -> (state, info)`, pure, fit for `jit`, `vmap`, `scan`.
    """

    init: Callable[..., Any]
    step: Callable[..., Any]


class Info(NamedTuple):
    """What a step tells of itself.

    Attributes:
        length: |Δω|; not finite once a chain has diverged.
    """

    length: Float[Array, ""]


def move(position: Params, displacement: Float[Array, " P"]) -> tuple[Params, Info]:
    """ω + Δω as the pytree that `position` is, and the length of the step."""
    flat, unravel = ravel_pytree(position)
    return unravel(flat + displacement), Info(jnp.linalg.norm(displacement))
