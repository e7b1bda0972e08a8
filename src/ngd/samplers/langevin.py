"""Langevin dynamics with the full gradient, eq. (3)."""

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, State, algorithm, move
from ngd.task import Task, slope


def step(
    rng_key: PRNGKeyArray,
    state: State,
    task: Task,
    learning_rate: Scalar,
    temperature: Scalar,
) -> tuple[State, Info]:
    """Δω = -ε((1/N) dC/dω + α), E[ααᵀ] = 2T I/(εN): eq. (3)."""
    seen = slope(task, state.position)
    g = seen.gradient
    scale = jnp.sqrt(2 * temperature / (learning_rate * task.examples))
    alpha = scale * jax.random.normal(rng_key, g.shape, g.dtype)
    position, info = move(state.position, -learning_rate * (g + alpha), seen)
    return State(position, ()), info


def build(task: Task, *, learning_rate: Scalar, temperature: Scalar = 1.0) -> SamplingAlgorithm:
    """Samples e^{-C/T} as ε -> 0.

    Args:
        task: the cost and its N examples.
        learning_rate: ε > 0, in units of the mean cost.
        temperature: T >= 0; the posterior is T = 1.

    Raises:
        ValueError: ε is not positive or T is negative; see `ngd.Task` for what `init` refuses.
    """
    learning_rate = bounds.positive("learning_rate", learning_rate)
    temperature = bounds.non_negative("temperature", temperature)
    return algorithm(
        lambda rng_key, state: step(rng_key, state, task, learning_rate, temperature),
        Settings(task, learning_rate, noise=temperature),
    )
