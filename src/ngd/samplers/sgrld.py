"""Stochastic gradient Riemannian Langevin dynamics (Patterson & Teh 2013)."""

import jax
from jaxtyping import PRNGKeyArray

from ngd import bounds, minibatch
from ngd.bounds import Scalar
from ngd.metrics.metric import Metric
from ngd.samplers import riemannian_langevin
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, State, algorithm, task_of
from ngd.task import slope


def step(
    rng_key: PRNGKeyArray,
    state: State,
    metric: Metric,
    learning_rate: Scalar,
    temperature: Scalar,
    damping: Scalar,
    batch_size: int,
) -> tuple[State, Info]:
    """Δω = -εG⁻¹((1/N) dC/dω + β) + (εT/N)∇·G⁻¹ + ν, E[ννᵀ] = (2εT/N)G⁻¹, β of eq. (12)."""
    key_batch, key_rest = jax.random.split(rng_key)
    indices = minibatch.draw(key_batch, metric.task.examples, batch_size)
    seen = slope(metric.task, state.position, indices)
    return riemannian_langevin.step(
        key_rest, state, metric, learning_rate, temperature, damping, 0.0, seen=seen
    )


def build(
    metric: Metric,
    *,
    learning_rate: Scalar,
    damping: Scalar,
    batch_size: int,
    temperature: Scalar = 1.0,
) -> SamplingAlgorithm:
    """Samples e^{-C/T} as ε -> 0: `riemannian_langevin` with minibatches' gradients.

    Patterson & Teh print the drift of Girolami & Calderhead (2011), which is ∇·G⁻¹ for metrics that
    are Hessians, theirs among them; ours is ∇·G⁻¹ for all. With a constant ε the minibatches' noise
    comes on top: near a minimum where A, S and G are one the temperature is
    (T + (ε/2)(N/B - 1))/(1 - ε/2), up to N/(N - 1), so ε(N/B - 1) must be far below 2T. In general
    `ngd.diagnostics.predicted_temperature` tells it. Their step is 2ε/N of ours. On the simplex,
    with the metric that they recommend there, it is `sgrld_simplex`.

    Args:
        metric: of the task that is sampled; a function of ω, without chance or memory:
            `exact_fisher`. It is of all examples; the gradient alone is a minibatch's.
        learning_rate: ε > 0.
        damping: δ >= 0 of eq. (16).
        batch_size: B in 1..N, drawn without replacement.
        temperature: T >= 0; the posterior is T = 1.

    Raises:
        ValueError: ε is not positive, δ or T is negative, B is not in 1..N, or the metric has
            chance or memory.
    """
    task = task_of(metric)
    riemannian_langevin.pure(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    damping = bounds.non_negative("damping", damping)
    batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    temperature = bounds.non_negative("temperature", temperature)
    return algorithm(
        lambda rng_key, state: step(
            rng_key, state, metric, learning_rate, temperature, damping, batch_size
        ),
        Settings(task, learning_rate, metric, damping, batch_size, noise=temperature),
    )
