"""Stochastic NGD, eq. (16), with the drift that Theorem 1 leaves out."""

import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.metrics.metric import Metric
from ngd.samplers import stochastic_ngd
from ngd.samplers.algorithm import (
    Info,
    SamplingAlgorithm,
    Settings,
    State,
    algorithm,
    move,
    task_of,
)
from ngd.samplers.riemannian_langevin import correction, pure
from ngd.task import flatten
from ngd.theorem_2 import temperature


def step(
    rng_key: PRNGKeyArray,
    state: State,
    metric: Metric,
    learning_rate: Scalar,
    damping: Scalar,
    batch_size: int | Int[Array, ""],
    prior_exponent: Scalar,
) -> tuple[State, Info]:
    """Eq. (16)'s Δω + (εT/N) `correction`, T = (ε/2)(N/B - 1)."""
    task = metric.task
    plain, info = stochastic_ngd.step(rng_key, state, metric, learning_rate, damping, batch_size)
    t = temperature(learning_rate, task.examples, batch_size)
    extra = correction(metric, state.position, damping, prior_exponent)
    position, _ = move(plain.position, learning_rate * t / task.examples * extra)
    length = jnp.linalg.norm(flatten(position) - flatten(state.position))
    return State(position, plain.memory), info._replace(length=length)


def build(
    metric: Metric,
    *,
    learning_rate: Scalar,
    damping: Scalar,
    batch_size: int | Int[Array, ""],
    prior_exponent: Scalar = 0.0,
) -> SamplingAlgorithm:
    """A sampler of e^{-C/T} |F + δI|^k, T = (ε/2)(N/B - 1), as far as Theorem 2 holds.

    `riemannian_langevin` with the noise of minibatches in place of its own: that has the
    covariance of F only near the truth and for δ much below F's eigenvalues, which
    `riemannian_langevin` need not ask for.

    Args:
        metric: of the task that is sampled; a function of ω, without chance or memory:
            `exact_fisher`.
        learning_rate: ε > 0.
        damping: δ >= 0 of eq. (16).
        batch_size: B in 1..N, drawn without replacement.
        prior_exponent: k; 0 for a flat prior over ω, 1/2 for the Jeffreys prior of eq. (9).

    Raises:
        ValueError: ε is not positive, δ is negative, k is not finite, B is not in 1..N, or the
            metric has chance or memory.
    """
    task = task_of(metric)
    pure(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    damping = bounds.non_negative("damping", damping)
    batch_size = bounds.batch_size("batch_size", batch_size, task.examples)
    prior_exponent = bounds.number("prior_exponent", prior_exponent)
    return algorithm(
        lambda rng_key, state: step(
            rng_key, state, metric, learning_rate, damping, batch_size, prior_exponent
        ),
        Settings(task, learning_rate, metric, damping, batch_size, prior_exponent=prior_exponent),
    )
