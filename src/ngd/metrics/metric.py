"""What a Riemannian metric G(ω) of eq. (4) is to a sampler."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import PRNGKeyArray

from ngd.metrics.factor import Factor
from ngd.task import Params


class Metric(NamedTuple):
    """A metric, estimated anew at each update.

    Attributes:
        init: `init(position) -> memory`; the empty tuple for a metric without memory.
        estimate: `estimate(rng_key, position, memory) -> (factor, memory)`, the factor
            being U of G = UᵀU. `ngd.metrics.damping` adds the damping δI.
    """

    init: Callable[[Params], Any]
    estimate: Callable[[PRNGKeyArray, Params, Any], tuple[Factor, Any]]


def memoryless(factor: Callable[[PRNGKeyArray, Params], Factor]) -> Metric:
    """A metric which depends on nothing but the current position and a key."""
    return Metric(
        init=lambda position: (),
        estimate=lambda rng_key, position, memory: (factor(rng_key, position), memory),
    )
