"""Noisy natural gradient: weights drawn about a mean that natural gradient descent moves."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from ngd import bounds, minibatch
from ngd.bounds import Scalar
from ngd.metrics.metric import Metric
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, move, task_of
from ngd.task import Params, check, flatten, slope


class State(NamedTuple):
    """A draw ω, the mean μ that it was drawn about, and what the metric remembers."""

    position: Params
    mean: Params
    memory: Any


def step(
    rng_key: PRNGKeyArray,
    state: State,
    metric: Metric,
    learning_rate: Scalar,
    damping: Scalar,
    batch_size: int,
    temperature: Scalar,
) -> tuple[State, Info]:
    """Δμ = -ε G⁻¹((1/N) dC/dω + β) at the last draw ω, then ω ~ N(μ, (T/N)G⁻¹), G = F̄ + δI."""
    task = metric.task
    key_batch, key_metric, key_draw = jax.random.split(rng_key, 3)
    damped, memory = metric.damped(key_metric, state.position, state.memory, damping)
    indices = minibatch.draw(key_batch, task.examples, batch_size)
    seen = slope(task, state.position, indices)
    found = damped.solve(seen.gradient)
    mean, _ = move(state.mean, -learning_rate * found.x)
    # G⁻¹ times a vector of covariance G has the covariance G⁻¹.
    noise = damped.solve(damped.noise(key_draw)).x
    apart = flatten(mean) - flatten(state.position)
    displacement = apart + jnp.sqrt(temperature / task.examples) * noise
    position, info = move(state.position, displacement, seen, found.iterations)
    return State(position, mean, memory), info


def build(
    metric: Metric,
    *,
    learning_rate: Scalar,
    damping: Scalar,
    batch_size: int,
    temperature: Scalar = 1.0,
) -> SamplingAlgorithm:
    r"""Noisy natural gradient (Zhang, Sun, Duvenaud & Grosse, 2018): variational inference.

    Its draws are of q = N(μ, (T/N)(F̄ + δI)⁻¹), whose mean and covariance are learnt as it goes.
    With δ the l2 coefficient, learning rates that fall to 0 and all of F, q is the best Gaussian;
    of a Gaussian posterior it is that. Which sampler it is, the metric says: an average of the
    whole Fisher (`moving_average` of `sampled_fisher`) is noisy natural gradient, `diagonal_fisher`
    noisy Adam without its momentum, `kfac(..., factored=True)` noisy K-FAC, each with smoothing.

    It misses T. At a constant ε the minibatches' noise, and that of the draws in the gradient, stay
    in μ and count as the posterior's spread: where the gradients' covariance, the curvature and
    F̄ + δI are the same, the draws have the temperature (2T + ετ)/(2 - ε), τ = N(N-B)/(B(N-1)).
    T -> 0 is `stochastic_ngd`, and T = 1 with B = εN/2 has about 2. `ngd.diagnostics` predicts it.
    The diagonal has the variances 1/A_kk where the posterior has (A⁻¹)_kk, which are larger.

    Args:
        metric: F̄, of the task that is sampled, averaged over updates as a rule.
        learning_rate: ε > 0.
        damping: δ >= 0: the l2 coefficient, T/(Nσ²) of a prior of deviation σ, and whatever is
            added to it. The authors' code adds nothing in q's covariance.
        batch_size: B in 1..N, drawn without replacement.
        temperature: T > 0, their weight λ of the Kullback-Leibler divergence.

    Raises:
        ValueError: ε or T is not positive, δ is negative, or B is not in 1..N.
    """
    task = task_of(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    damping = bounds.non_negative("damping", damping)
    batch_size = int(bounds.batch_size("batch_size", batch_size, task.examples))
    temperature = bounds.positive("temperature", temperature)

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> State:
        check(task, position)
        return State(position, position, metric.init(position))

    return SamplingAlgorithm(
        init,
        lambda rng_key, state: step(
            rng_key, state, metric, learning_rate, damping, batch_size, temperature
        ),
        Settings(
            task,
            learning_rate,
            metric,
            damping,
            batch_size,
            temperature=temperature,
            weight_noise=temperature,
        ),
    )
