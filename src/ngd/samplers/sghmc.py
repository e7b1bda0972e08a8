"""Stochastic gradient Hamiltonian Monte Carlo (Chen, Fox & Guestrin 2014), eq. (15) there."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds, minibatch
from ngd.bounds import Scalar
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, move
from ngd.task import Params, Task, check, flatten, slope


class State(NamedTuple):
    """The position ω half way along an update's displacement, and that displacement v."""

    position: Params
    momentum: Float[Array, " P"]


def step(
    rng_key: PRNGKeyArray,
    state: State,
    task: Task,
    learning_rate: Scalar,
    friction: Scalar,
    temperature: Scalar,
    batch_size: int,
    noise_estimate: Scalar,
) -> tuple[State, Info]:
    """θ = ω + v/2, v' = (1-α)v - ε((1/N) dC/dθ + β) + ν, ω' = θ + v'/2.

    E[ννᵀ] = (2αεT/N - ε²V̂) I. The θ are the iterates of eq. (15), which moves by the new v.
    """
    key_batch, key_noise = jax.random.split(rng_key)
    flat, unravel = ravel_pytree(state.position)
    indices = minibatch.draw(key_batch, task.examples, batch_size)
    seen = slope(task, unravel(flat + state.momentum / 2), indices)
    g, rate = seen.gradient, learning_rate
    scale = jnp.sqrt(2 * friction * rate * temperature / task.examples - rate**2 * noise_estimate)
    noise = scale * jax.random.normal(key_noise, g.shape, g.dtype)
    momentum = ((1 - friction) * state.momentum - rate * g + noise).astype(flat.dtype)
    position, info = move(state.position, (state.momentum + momentum) / 2, seen)
    return State(position, momentum), info


def build(
    task: Task,
    *,
    learning_rate: Scalar,
    friction: Scalar,
    batch_size: int,
    temperature: Scalar = 1.0,
    noise_estimate: Scalar = 0.0,
) -> SamplingAlgorithm:
    """Samples e^{-C/T} as ε -> 0: Langevin dynamics with a momentum, of minibatches' gradients.

    Chen et al.'s η is ε/N here, α is theirs, and β̂ is εNV̂/2. The position is read half way between
    two of their iterates. So read, a Gaussian's temperature has no error of the step: along an
    axis of curvature a, where the gradients' variance is s, it is T + (ε/2α)((N/B - 1)s - NV̂), up
    to N/(N - 1), for every ε < 2(2 - α)/a. The iterates themselves are hotter by
    1/(1 - εa/(2(2 - α))). Public code often moves by the old v: that is hotter still, and
    diverges for εa >= α.

    Args:
        task: the cost and its N examples.
        learning_rate: ε > 0, in units of the mean cost.
        friction: α in (0, 1]: an update forgets so much of the momentum. With α = 1 it is SGLD
            read half way.
        batch_size: B in 1..N, drawn without replacement.
        temperature: T >= 0; the posterior is T = 1.
        noise_estimate: V̂ >= 0, what the variance of a component of the minibatches' noise β is
            taken to be: so much less noise is added. 0, as is usual, leaves β's heat in.

    Raises:
        ValueError: ε is not positive, α is not in (0, 1], B is not in 1..N, T or V̂ is negative, or
            εV̂ is above 2αT/N: the minibatches' noise alone would be too much.
    """
    learning_rate = bounds.positive("learning_rate", learning_rate)
    friction = bounds.positive("friction", friction)
    if not isinstance(friction, Tracer) and friction > 1:
        raise ValueError(f"friction must be in (0, 1], got {friction!r}")
    batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    temperature = bounds.non_negative("temperature", temperature)
    noise_estimate = bounds.non_negative("noise_estimate", noise_estimate)
    most = 2 * friction * temperature / (learning_rate * task.examples)
    known = not isinstance(most, Tracer) and not isinstance(noise_estimate, Tracer)
    if known and noise_estimate > most:
        raise ValueError(
            f"noise_estimate must be <= 2 friction temperature / (learning_rate N) = "
            f"{float(most):.3g}, got {noise_estimate!r}"
        )

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> State:
        check(task, position)
        return State(position, jnp.zeros_like(flatten(position)))

    return SamplingAlgorithm(
        init,
        lambda rng_key, state: step(
            rng_key,
            state,
            task,
            learning_rate,
            friction,
            temperature,
            batch_size,
            noise_estimate,
        ),
        Settings(
            task,
            learning_rate,
            batch_size=batch_size,
            noise=temperature,
            counted=noise_estimate,
            friction=friction,
        ),
    )
