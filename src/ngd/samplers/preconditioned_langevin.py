"""Preconditioned Langevin dynamics, eqs (4) and (8)."""

import jax
import jax.numpy as jnp
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
    temperature: Scalar,
    damping: Scalar,
    noise_damping: Scalar | None = None,
) -> tuple[State, Info]:
    """Δω = -ε G⁻¹((1/N) dC/dω + α), E[ααᵀ] = 2TG/(εN), G = F + δI: eqs (4), (8), (16).

    With `noise_damping` E[ααᵀ] = 2T(F + noise_damping I)/(εN): 0 is eq. (8) to the letter.
    """
    task = metric.task
    key_metric, key_noise = jax.random.split(rng_key)
    factor, memory = metric.factor(key_metric, state.position, state.memory)
    scale = jnp.sqrt(2 * temperature / (learning_rate * task.examples))
    shape = damping if noise_damping is None else noise_damping
    alpha = scale * factor.damped(shape).noise(key_noise)
    seen = slope(task, state.position)
    found = factor.damped(damping).solve(seen.gradient + alpha)
    position, info = move(state.position, -learning_rate * found.x, seen, found.iterations)
    return State(position, memory), info


def build(
    metric: Metric,
    *,
    learning_rate: Scalar,
    damping: Scalar,
    temperature: Scalar = 1.0,
) -> SamplingAlgorithm:
    """Theorem 1 with the full gradient and Gaussian noise shaped by the metric.

    The noise has the covariance of the whole damped metric G = F + δI, as Theorem 1 needs
    for G to be the metric; eq. (8) alone, which names F, leaves this open.

    Args:
        metric: F or any other metric of `ngd.metrics`, of the task that is sampled.
        learning_rate: ε > 0.
        damping: δ >= 0 of eq. (16).
        temperature: T >= 0; the posterior is T = 1. `vmap` over it runs several at once.

    Raises:
        ValueError: ε is not positive, or δ or T is negative (under `vmap` or `jit` an array's
            value can't be seen, and is not checked).
    """
    task = task_of(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    temperature = bounds.non_negative("temperature", temperature)
    damping = bounds.non_negative("damping", damping)
    return algorithm(
        lambda rng_key, state: step(rng_key, state, metric, learning_rate, temperature, damping),
        Settings(task, learning_rate, metric, damping, noise=temperature),
    )
