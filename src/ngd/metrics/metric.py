"""What a Riemannian metric G(ω) of eq. (4) is to a sampler."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import PRNGKeyArray

from ngd.metrics.factor import Factor
from ngd.task import Params, Task


class Metric(NamedTuple):
    """A metric, estimated anew at each update.

    Attributes:
        task: whose metric it is: the one that a sampler built on it samples.
        init: `init(position) -> memory`; the empty tuple for a metric without memory.
        estimate: `estimate(rng_key, position, memory) -> (factor, memory)`, the factor
            being U of G = UᵀU. `ngd.metrics.damping` adds the damping δI.
        pure: whether it is a function of ω, without chance or memory.
    """

    task: Task
    init: Callable[[Params], Any]
    estimate: Callable[[PRNGKeyArray, Params, Any], tuple[Factor, Any]]
    pure: bool = True


def memoryless(
    task: Task, factor: Callable[[PRNGKeyArray, Params], Factor], pure: bool = True
) -> Metric:
    """A metric which depends on nothing but the current position and, if not pure, a key."""
    return Metric(
        task=task,
        init=lambda position: (),
        estimate=lambda rng_key, position, memory: (factor(rng_key, position), memory),
        pure=pure,
    )
