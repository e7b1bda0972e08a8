"""The convention of BlackJAX that every sampler here follows: `init` and `step`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ngd.bounds import Scalar
from ngd.metrics.metric import Metric
from ngd.task import Params, Slope, Task, check


class Settings(NamedTuple):
    """What a sampler was built of: Δω = -ε(G + δI)⁻¹((1/N) dC/dω + noise).

    Attributes:
        task: the cost and its N examples.
        learning_rate: ε, or a schedule of it.
        metric: G; None for the identity, without damping.
        damping: δ.
        batch_size: B of the minibatches whose noise it has; N for none.
        noise: T of the Gaussian noise that it adds; 0 for none.
        prior_exponent: k of the density e^{-C/T}|G + δI|^k that it aims at.
        counted: of a sampler that knows of its minibatches' noise, what its Gaussian noise leaves
            out: the covariance of Δω is less by ε²(G + δI)⁻¹ `counted` G (G + δI)⁻¹.
        friction: α of a momentum that an update makes 1 - α of; None where there is none.
        temperature: T that it is asked for; None where the formulas for its noise tell it.
        metropolis: whether a Metropolis test makes it exact, at T whatever ε.
        window: W of the updates whose mean is a state; 1 where a state is an iterate.
        weight_noise: T of (T/N)(G + δI)⁻¹, the covariance of ω about the mean that moves in its
            place: see `noisy_ngd`; 0 where ω itself moves.
    """

    task: Task
    learning_rate: Scalar | Callable[[Any], Any]
    metric: Metric | None = None
    damping: Scalar = 0.0
    batch_size: int | Array | None = None
    noise: Scalar = 0.0
    prior_exponent: Scalar = 0.0
    counted: Scalar = 0.0
    friction: Scalar | None = None
    temperature: Scalar | None = None
    metropolis: bool = False
    window: int = 1
    weight_noise: Scalar = 0.0


class SamplingAlgorithm(NamedTuple):
    """A sampler closed over its data; fits `blackjax.util.run_inference_algorithm`.

    Attributes:
        init: `init(position, rng_key=None) -> state`, the state's `position` being ω.
        step: `step(rng_key, state) -> (state, info)`, pure, fit for `jit`, `vmap`, `scan`.
        settings: what it was built of, for `ngd.diagnostics`; None of a sampler of your own.
    """

    init: Callable[..., Any]
    step: Callable[..., Any]
    settings: Settings | None = None


class Info(NamedTuple):
    """What a step tells of itself.

    Attributes:
        length: |Δω|; not finite once a chain has diverged.
        gradient_norm: |(1/N) dC/dω| as the step saw it: before it moved, of its minibatch where
            it has one; in nats per example. NaN of a step that does not tell.
        mean_cost: C/N as the step saw it, in nats per example, with the whole regulariser.
        iterations: of the conjugate gradients that solved for the step; 0 where a matrix was
            factorised, or there is no metric.
        weight: of the state that it leads to, in averages over states: the step's ε_t under a
            schedule, where the slower states stand for more time; else 1.
        acceptance: the probability with which the step's Metropolis test takes its proposal; NaN
            of a sampler without a test.
    """

    length: Float[Array, ""]
    gradient_norm: Float[Array, ""] | float = jnp.nan
    mean_cost: Float[Array, ""] | float = jnp.nan
    iterations: Int[Array, ""] | int = 0
    weight: Float[Array, ""] | float = 1.0
    acceptance: Float[Array, ""] | float = jnp.nan


def move(
    position: Params,
    displacement: Float[Array, " P"],
    slope: Slope | None = None,
    iterations: Int[Array, ""] | int = 0,
) -> tuple[Params, Info]:
    """ω + Δω as the pytree that `position` is, and what `Info` tells of the step."""
    flat, unravel = ravel_pytree(position)
    # A hyperparameter in double precision must not change that of the chain.
    displacement = displacement.astype(flat.dtype)
    info = Info(jnp.linalg.norm(displacement), iterations=iterations)
    if slope is not None:
        info = info._replace(
            gradient_norm=jnp.linalg.norm(slope.gradient), mean_cost=slope.mean_cost
        )
    return unravel(flat + displacement), info


class State(NamedTuple):
    """The position ω and what the metric remembers: nothing where there is none."""

    position: Params
    memory: Any


def algorithm(
    step: Callable[[PRNGKeyArray, State], tuple[State, Info]], settings: Settings
) -> SamplingAlgorithm:
    """A sampler of a step; it starts once `ngd.task.check` has tried the model there."""

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> State:
        check(settings.task, position)
        return State(position, () if settings.metric is None else settings.metric.init(position))

    return SamplingAlgorithm(init, step, settings)


def task_of(metric: Metric) -> Task:
    """The task that a sampler built on a metric samples.

    Raises:
        ValueError: it is no metric: a task, say.
    """
    if not isinstance(metric, Metric):
        raise ValueError(
            f"metric must be one of ngd.metrics, as exact_fisher(task); got a "
            f"{type(metric).__name__}"
        )
    return metric.task
