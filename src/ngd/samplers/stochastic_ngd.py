"""Stochastic natural gradient descent, eqs (11) and (16): minibatch noise as temperature."""

import jax
from jaxtyping import Array, Int, PRNGKeyArray

from ngd import bounds, minibatch
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
from ngd.task import slope, weighted_slope


def step(
    rng_key: PRNGKeyArray,
    state: State,
    metric: Metric,
    learning_rate: Scalar,
    damping: Scalar,
    batch_size: int | Int[Array, ""] | minibatch.Bounded,
) -> tuple[State, Info]:
    """Δω = -ε(F + δI)⁻¹((1/N) dC/dω + β), β the minibatch noise of eq. (12): eqs (11), (16)."""
    task = metric.task
    key_batch, key_metric = jax.random.split(rng_key)
    damped, memory = metric.damped(key_metric, state.position, state.memory, damping)
    if isinstance(batch_size, minibatch.Bounded):
        indices, weights = minibatch.draw_bounded(key_batch, task.examples, batch_size)
        seen = weighted_slope(task, state.position, weights, indices)
    elif isinstance(batch_size, jax.Array):
        weights = minibatch.weights(key_batch, task.examples, batch_size)
        seen = weighted_slope(task, state.position, weights)
    else:
        indices = minibatch.draw(key_batch, task.examples, batch_size)
        seen = slope(task, state.position, indices)
    found = damped.solve(seen.gradient)
    position, info = move(state.position, -learning_rate * found.x, seen, found.iterations)
    return State(position, memory), info


def build(
    metric: Metric,
    *,
    learning_rate: Scalar,
    damping: Scalar,
    batch_size: int | Int[Array, ""] | minibatch.Bounded,
) -> SamplingAlgorithm:
    """Theorem 2: samples at T = (ε/2)(N/B - 1), see `ngd.theorem_2`.

    Args:
        metric: F or any other metric of `ngd.metrics`, of the task that is sampled.
        learning_rate: ε > 0.
        damping: δ >= 0 of eq. (16).
        batch_size: B in 1..N, drawn without replacement. As an array B need not be known when
            the step is compiled: `vmap` over it runs several temperatures at once, each update
            then taking all N gradients. As `minibatch.Bounded` it takes `largest` of them, and
            its minibatches are those of the same B as an int.

    Raises:
        ValueError: ε is not positive, δ is negative, or B is not in 1..N (under `vmap` or `jit` an
            array's value can't be seen, and is not checked).
    """
    task = task_of(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    damping = bounds.non_negative("damping", damping)
    batch_size = bounds.batch_size("batch_size", batch_size, task.examples)
    size = batch_size.size if isinstance(batch_size, minibatch.Bounded) else batch_size
    return algorithm(
        lambda rng_key, state: step(rng_key, state, metric, learning_rate, damping, batch_size),
        Settings(task, learning_rate, metric, damping, size),
    )
