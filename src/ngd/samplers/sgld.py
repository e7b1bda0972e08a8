"""Stochastic gradient Langevin dynamics (Welling & Teh 2011), eq. (4) there."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from ngd import bounds, minibatch
from ngd.bounds import Scalar
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, move
from ngd.task import Params, Task, check, slope

Schedule = Callable[[Any], Any]
"""ε_t as a function of the update's number, from 0: one of optax, or your own."""


class State(NamedTuple):
    """The position ω, and how many updates led to it, which a schedule goes by."""

    position: Params
    done: Int[Array, ""]


def polynomial(a: float, b: float, gamma: float = 0.55) -> Schedule:
    """ε_t = a(b + t)^-γ, the schedule of Welling & Teh (2011).

    Args:
        a: > 0. Theirs is twice ours divided by N: see `build`.
        b: > 0.
        gamma: γ in (0.5, 1], for which Σε_t is infinite and Σε_t² is not.

    Raises:
        ValueError: a or b is not positive, or γ is not in (0.5, 1].
    """
    a, b = float(bounds.positive("a", a)), float(bounds.positive("b", b))
    if not 0.5 < float(bounds.number("gamma", gamma)) <= 1:
        raise ValueError(f"gamma must be in (0.5, 1], got {gamma!r}")
    return lambda done: a * (b + done) ** -gamma


def step(
    rng_key: PRNGKeyArray,
    state: State,
    task: Task,
    learning_rate: Scalar | Schedule,
    temperature: Scalar,
    batch_size: int,
) -> tuple[State, Info]:
    """Δω = -ε_t((1/N) dC/dω + β) + ν, E[ννᵀ] = (2ε_tT/N) I, β of eq. (12)."""
    key_batch, key_noise = jax.random.split(rng_key)
    indices = minibatch.draw(key_batch, task.examples, batch_size)
    seen = slope(task, state.position, indices)
    g = seen.gradient
    rate = learning_rate(state.done) if callable(learning_rate) else learning_rate
    scale = jnp.sqrt(2 * rate * temperature / task.examples)
    displacement = -rate * g + scale * jax.random.normal(key_noise, g.shape, g.dtype)
    position, info = move(state.position, displacement, seen)
    if callable(learning_rate):
        info = info._replace(weight=jnp.asarray(rate, g.dtype))
    return State(position, state.done + 1), info


def build(
    task: Task,
    *,
    learning_rate: Scalar | Schedule,
    batch_size: int,
    temperature: Scalar = 1.0,
) -> SamplingAlgorithm:
    """Samples e^{-C/T} as ε -> 0: Langevin dynamics, eq. (3), with minibatches' gradients.

    With a constant ε the minibatches' noise comes on top of its own. Along an axis of curvature a,
    where the gradients' variance is s, the temperature is (T + (ε/2)(N/B - 1)s)/(1 - εa/2), up to
    N/(N - 1). So ε(N/B - 1)s must be far below 2T; `ngd.diagnostics.predicted_temperature` says
    how far it is. With a schedule ε_t -> 0 averages over all states, each with the weight ε_t of
    the update that led to it (`Info.weight`), converge to those under e^{-C/T}, if Σε_t is infinite
    and Σε_t² is not. Without these weights they are of the late states, where ε_t is small.

    Welling & Teh's step is 2ε/N of ours: theirs multiplies the gradient of the log posterior by
    half of it, and is the variance of the noise.

    Args:
        task: the cost and its N examples.
        learning_rate: ε > 0, in units of the mean cost; or ε_t as a function of the update's
            number t = 0, 1, ..., as `polynomial` or a schedule of optax.
        batch_size: B in 1..N, drawn without replacement.
        temperature: T >= 0; the posterior is T = 1.

    Raises:
        ValueError: ε, or ε_0 of a schedule, is not positive, B is not in 1..N, or T is negative.
    """
    if callable(learning_rate):
        bounds.positive("learning_rate(0)", learning_rate(0))
    else:
        learning_rate = bounds.positive("learning_rate", learning_rate)
    batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    temperature = bounds.non_negative("temperature", temperature)

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> State:
        check(task, position)
        return State(position, jnp.zeros((), jnp.int32))

    return SamplingAlgorithm(
        init,
        lambda rng_key, state: step(rng_key, state, task, learning_rate, temperature, batch_size),
        Settings(task, learning_rate, batch_size=batch_size, noise=temperature),
    )
