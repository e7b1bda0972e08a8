"""Natural gradient descent as a gradient transformation of optax, with schedules."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Int, PRNGKeyArray

from ngd import bounds
from ngd.metrics.metric import Metric
from ngd.task import Params


class State(NamedTuple):
    """How many updates, the key of the metric's draws, and what the metric remembers."""

    done: Int[Array, ""]
    rng_key: PRNGKeyArray
    memory: Any


def scale_by_natural_gradient(
    metric: Metric,
    damping: float | Callable[[Any], Any],
    rng_key: PRNGKeyArray,
) -> optax.GradientTransformationExtraArgs:
    """Gradients g become (G + δI)⁻¹ g, eq. (16).

    Args:
        metric: G, of `ngd.metrics`.
        damping: δ > 0, or a schedule of it.
        rng_key: of the metric's draws; update i has `fold_in(rng_key, i)`.

    Raises:
        ValueError: δ is a number that is negative or not finite.
    """
    delta = damping if callable(damping) else bounds.non_negative("damping", damping)

    def init(params: Params) -> State:
        return State(jnp.zeros((), jnp.int32), rng_key, metric.init(params))

    def update(
        updates: Params, state: State, params: Params | None = None, **extra: Any
    ) -> tuple[Params, State]:
        if params is None:
            raise ValueError("update must be given params: the metric depends on them")
        key = jax.random.fold_in(state.rng_key, state.done)
        flat, unravel = ravel_pytree(updates)
        at = jnp.asarray(delta(state.done), flat.dtype) if callable(delta) else delta
        damped, memory = metric.damped(key, params, state.memory, at)
        direction = damped.solve(flat).x
        return unravel(direction), State(state.done + 1, state.rng_key, memory)

    return optax.GradientTransformationExtraArgs(init, update)


def natural_gradient(
    metric: Metric,
    learning_rate: float | Callable[[Any], Any],
    damping: float | Callable[[Any], Any],
    rng_key: PRNGKeyArray,
) -> optax.GradientTransformationExtraArgs:
    """Δω = -ε(G + δI)⁻¹ g for the gradient g that it is given, eqs (1), (11), (16).

    With the gradient of a minibatch of B examples and constant ε, δ this is
    `ngd.samplers.stochastic_ngd`, and samples; with a falling schedule of ε it is an optimiser.

    Args:
        metric: G, of `ngd.metrics`.
        learning_rate: ε > 0, or a schedule of it.
        damping: δ > 0, or a schedule of it.
        rng_key: of the metric's draws.

    Raises:
        ValueError: ε or δ is a number that is not allowed.
    """
    rate = (
        learning_rate
        if callable(learning_rate)
        else bounds.positive("learning_rate", learning_rate)
    )
    scaled = scale_by_natural_gradient(metric, damping, rng_key)
    return optax.with_extra_args_support(optax.chain(scaled, optax.scale_by_learning_rate(rate)))
