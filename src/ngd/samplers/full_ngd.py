"""Natural gradient descent with the full gradient, eqs (1) and (16): an optimiser."""

from jaxtyping import PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.metrics.metric import Metric
from ngd.samplers.algorithm import (
    Info,
    SamplingAlgorithm,
    Settings,
    State,
    algorithm,
    move,
    task_of,
)
from ngd.task import slope


def step(
    rng_key: PRNGKeyArray,
    state: State,
    metric: Metric,
    learning_rate: Scalar,
    damping: Scalar,
) -> tuple[State, Info]:
    """Δω = -ε(F + δI)⁻¹(1/N) dC/dω: eq. (16) (eq. (1) has lost its minus)."""
    task = metric.task
    damped, memory = metric.damped(rng_key, state.position, state.memory, damping)
    seen = slope(task, state.position)
    found = damped.solve(seen.gradient)
    position, info = move(state.position, -learning_rate * found.x, seen, found.iterations)
    return State(position, memory), info


def build(metric: Metric, *, learning_rate: Scalar, damping: Scalar) -> SamplingAlgorithm:
    """Noiseless NGD: the temperature is 0, and the chain ends in a minimum of C.

    Args:
        metric: F or any other metric of `ngd.metrics`, of the task whose cost is minimised.
        learning_rate: ε > 0.
        damping: δ >= 0 of eq. (16).

    Raises:
        ValueError: ε is not positive or δ is negative.
    """
    task = task_of(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    damping = bounds.non_negative("damping", damping)
    return algorithm(
        lambda rng_key, state: step(rng_key, state, metric, learning_rate, damping),
        Settings(task, learning_rate, metric, damping),
    )
