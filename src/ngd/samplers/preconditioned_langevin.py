"""Preconditioned Langevin dynamics, eqs (4) and (8)."""

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

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
from ngd.task import slope


def step(
    rng_key: PRNGKeyArray,
    state: State,
    metric: Metric,
    learning_rate: Scalar,
    temperature: Scalar,
    damping: Scalar,
    noise_damping: Scalar | None = None,
    batch_size: int | None = None,
) -> tuple[State, Info]:
    """Δω = -ε G⁻¹((1/N) dC/dω + α), E[ααᵀ] = 2TG/(εN), G = F + δI: eqs (4), (8), (16).

    With `noise_damping` E[ααᵀ] = 2T(F + noise_damping I)/(εN): 0 is eq. (8) to the letter. With
    `batch_size` the gradient has the noise β of eq. (12) besides.
    """
    task, indices = metric.task, None
    if batch_size is not None:
        rng_key, key_batch = jax.random.split(rng_key)
        indices = minibatch.draw(key_batch, task.examples, batch_size)
    key_metric, key_noise = jax.random.split(rng_key)
    factor, memory = metric.factor(key_metric, state.position, state.memory)
    scale = jnp.sqrt(2 * temperature / (learning_rate * task.examples))
    shape = damping if noise_damping is None else noise_damping
    alpha = scale * factor.damped(shape).noise(key_noise)
    seen = slope(task, state.position, indices)
    found = factor.damped(damping).solve(seen.gradient + alpha)
    position, info = move(state.position, -learning_rate * found.x, seen, found.iterations)
    return State(position, memory), info


def build(
    metric: Metric,
    *,
    learning_rate: Scalar,
    damping: Scalar,
    temperature: Scalar = 1.0,
    batch_size: int | None = None,
) -> SamplingAlgorithm:
    """Theorem 1 with the full gradient and Gaussian noise shaped by the metric.

    The noise has the covariance of the whole damped metric G = F + δI, as Theorem 1 needs
    for G to be the metric; eq. (8) alone, which names F, leaves this open.

    With `batch_size` it is SGLD with a metric; with `kfac` the K-SGLD of Nado et al. (2018). The
    minibatches' noise comes on top: where A, S and G are one the temperature is
    (T + (ε/2)(N/B - 1))/(1 - ε/2), up to N/(N - 1), so ε(N/B - 1) must be far below 2T. In general
    `ngd.diagnostics.predicted_temperature` tells it.

    Args:
        metric: F or any other metric of `ngd.metrics`, of the task that is sampled.
        learning_rate: ε > 0.
        damping: δ >= 0 of eq. (16).
        temperature: T >= 0; the posterior is T = 1. `vmap` over it runs several at once.
        batch_size: B in 1..N, drawn without replacement; None for the full gradient.

    Raises:
        ValueError: ε is not positive, δ or T is negative (under `vmap` or `jit` an array's value
            can't be seen, and is not checked), or B is not in 1..N.
    """
    task = task_of(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    temperature = bounds.non_negative("temperature", temperature)
    damping = bounds.non_negative("damping", damping)
    if batch_size is not None:
        batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    return algorithm(
        lambda rng_key, state: step(
            rng_key, state, metric, learning_rate, temperature, damping, batch_size=batch_size
        ),
        Settings(task, learning_rate, metric, damping, batch_size, noise=temperature),
    )
