"""Natural gradient descent with the full gradient, eqs (1) and (16): an optimiser."""

from typing import Any, NamedTuple

from jaxtyping import PRNGKeyArray

from ngd import bounds
from ngd.metrics import damping as damped
from ngd.metrics.metric import Metric
from ngd.samplers.algorithm import Info, SamplingAlgorithm, move
from ngd.task import Params, Task, gradient


class State(NamedTuple):
    """The position ω and what the metric remembers."""

    position: Params
    memory: Any


def init(position: Params, metric: Metric) -> State:
    """Start at `position`."""
    return State(position, metric.init(position))


def step(
    rng_key: PRNGKeyArray,
    state: State,
    task: Task,
    metric: Metric,
    learning_rate: float,
    damping: float,
) -> tuple[State, Info]:
    """Δω = -ε(F + δI)⁻¹(1/N) dC/dω: eq. (16) (eq. (1) has lost its minus)."""
    factor, memory = metric.estimate(rng_key, state.position, state.memory)
    direction = damped.solve(factor, damping, gradient(task, state.position))
    position, info = move(state.position, -learning_rate * direction)
    return State(position, memory), info


def build(task: Task, metric: Metric, learning_rate: float, damping: float) -> SamplingAlgorithm:
    """Noiseless NGD: the temperature is 0, and the chain ends in a minimum of C.

    Raises:
        ValueError: ε is not positive or δ is negative.
    """
    bounds.positive("learning_rate", learning_rate)
    bounds.non_negative("damping", damping)
    return SamplingAlgorithm(
        lambda position, rng_key=None: init(position, metric),
        lambda rng_key, state: step(rng_key, state, task, metric, learning_rate, damping),
    )
