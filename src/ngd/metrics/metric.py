"""What a Riemannian metric G(ω) of eq. (4) is to a sampler."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import Array, Float, PRNGKeyArray

from ngd.task import Params

Rows = Float[Array, "m P"]
"""A metric as its factor U: G = UᵀU. The damping δI is added by `ngd.metrics.damping`."""


class Metric(NamedTuple):
    """A metric, estimated anew at each update.

    Attributes:
        init: `init(position) -> memory`; the empty tuple for a metric without memory.
        estimate: `estimate(rng_key, position, memory) -> (rows, memory)`.
    """

    init: Callable[[Params], Any]
    estimate: Callable[[PRNGKeyArray, Params, Any], tuple[Rows, Any]]


def memoryless(rows: Callable[[PRNGKeyArray, Params], Rows]) -> Metric:
    """A metric which depends on nothing but the current position and a key."""
    return Metric(
        init=lambda position: (),
        estimate=lambda rng_key, position, memory: (rows(rng_key, position), memory),
    )
