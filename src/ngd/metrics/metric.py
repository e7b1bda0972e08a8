"""What a Riemannian metric G(ω) of eq. (4) is to a sampler."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import PRNGKeyArray

from ngd.metrics.factor import Factor
from ngd.task import Params, Task


class Metric(NamedTuple):
    """A metric, estimated anew at each update.

    Attributes:
        init: `init(position) -> memory`; the empty tuple for a metric without memory.
        estimate: `estimate(rng_key, position, memory) -> (factor, memory)`, the factor
            being U of G = UᵀU. `ngd.metrics.damping` adds the damping δI.
        task: whose metric it is, which a sampler checks to be its own; None of any.
        pure: whether it is a function of ω, without chance or memory.
    """

    init: Callable[[Params], Any]
    estimate: Callable[[PRNGKeyArray, Params, Any], tuple[Factor, Any]]
    task: Task | None = None
    pure: bool = True


def memoryless(
    factor: Callable[[PRNGKeyArray, Params], Factor], task: Task | None = None, pure: bool = True
) -> Metric:
    """A metric which depends on nothing but the current position and, if not pure, a key."""
    return Metric(
        init=lambda position: (),
        estimate=lambda rng_key, position, memory: (factor(rng_key, position), memory),
        task=task,
        pure=pure,
    )
