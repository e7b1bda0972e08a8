"""Stochastic gradient Fisher scoring (Ahn, Korattikara & Welling 2012), Algorithm 1 there."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ngd import bounds, data, minibatch
from ngd.bounds import Scalar
from ngd.metrics.diagonal import Diagonal
from ngd.metrics.factor import Factor, Written
from ngd.metrics.metric import Metric
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, State, algorithm, move
from ngd.task import Params, Slope, Task, flatten, mean_cost, per_example_gradients


class Memory(NamedTuple):
    """The average of the minibatches' gradient covariances so far.

    Attributes:
        fisher: Î, shape (P, P), or its diagonal, shape (P,).
        updates: t, how many it is the mean of.
    """

    fisher: Float[Array, "..."]
    updates: Int[Array, ""]


def batch_covariance(task: Task, batch_size: int, diagonal: bool) -> Metric:
    """Î_t = (1 - 1/t)Î_{t-1} + V_t/t, V_t the covariance of a minibatch's gradients (B - 1)."""

    def init(position: Params) -> Memory:
        flat = flatten(position)
        shape = flat.shape if diagonal else 2 * flat.shape
        return Memory(jnp.zeros(shape, flat.dtype), jnp.zeros((), jnp.int32))

    def estimate(rng_key: PRNGKeyArray, position: Params, memory: Memory) -> tuple[Factor, Memory]:
        _, memory = _seen(rng_key, task, position, memory, batch_size)
        if diagonal:
            return Diagonal(jnp.sqrt(memory.fisher)), memory
        values, axes = jnp.linalg.eigh(memory.fisher)
        return Written(jnp.sqrt(jnp.maximum(values, 0))[:, None] * axes.T), memory

    return Metric(task, init, estimate, pure=False)


def _seen(
    rng_key: PRNGKeyArray, task: Task, position: Params, memory: Memory, batch_size: int
) -> tuple[Slope, Memory]:
    """The slope of a minibatch, and the average with its gradients' covariance."""
    indices = minibatch.draw(rng_key, task.examples, batch_size)
    rows = per_example_gradients(task, position, data.take(task.x, indices), task.y[indices])
    mean = rows.mean(axis=0)
    apart = rows - mean
    products = jnp.sum(apart**2, axis=0) if memory.fisher.ndim == 1 else apart.T @ apart
    updates = memory.updates + 1
    fisher = memory.fisher + (products / (batch_size - 1) - memory.fisher) / updates
    gradient = mean + flatten(jax.grad(task.regulariser)(position))
    seen = Slope(mean_cost(task, position, indices), gradient)
    return seen, Memory(fisher.astype(memory.fisher.dtype), updates)


def step(
    rng_key: PRNGKeyArray,
    state: State,
    task: Task,
    temperature: Scalar,
    batch_size: int,
    injected: Scalar,
    damping: Scalar,
) -> tuple[State, Info]:
    """Δω = -2T(γÎ + E)⁻¹((1/N) dC/dω + β + ζ), E[ζζᵀ] = E/N, E = κÎ + δI, γ = T + N/B - 1."""
    key_batch, key_noise = jax.random.split(rng_key)
    seen, memory = _seen(key_batch, task, state.position, state.memory, batch_size)
    g = seen.gradient
    z = jax.random.normal(key_noise, g.shape, g.dtype) / jnp.sqrt(task.examples)
    one = jnp.ones_like(g)
    diagonal = memory.fisher.ndim == 1
    e = injected * memory.fisher + damping * (one if diagonal else jnp.diag(one))
    whole = _gamma(task, temperature, batch_size) * memory.fisher + e
    if diagonal:
        found = (g + jnp.sqrt(e) * z) / whole
    else:
        silent = not isinstance(injected + damping, jax.Array) and injected + damping == 0
        zeta = jnp.zeros_like(g) if silent else jnp.linalg.cholesky(e) @ z
        found = jax.scipy.linalg.solve(whole, g + zeta, assume_a="pos")
    position, info = move(state.position, -2 * temperature * found, seen)
    return State(position, memory), info


def _gamma(task: Task, temperature: Scalar, batch_size: int) -> Scalar:
    return temperature + task.examples / batch_size - 1


def build(
    task: Task,
    *,
    batch_size: int,
    injected: Scalar,
    damping: Scalar,
    temperature: Scalar = 1.0,
    diagonal: bool = False,
) -> SamplingAlgorithm:
    """Samples the Gaussian N(ω*, (T/N) A⁻¹) near a minimum where the gradients' covariance is A.

    There it is exact at any E = κÎ + δI, with no limit of a step to take: Gaussian noise of the
    covariance E/N makes up for what the minibatches' noise lacks. As E grows the steps shrink, and
    it becomes SGLD with the metric E. Without E it is stochastic NGD at ε = 2T/γ. Away from a
    Gaussian, or where Î is not A, T is told by `ngd.diagnostics.predicted_temperature`.

    Ahn et al.'s matrix B is E ε_S N/4, ε_S being their step, and their γ is 1 + N/B, for
    minibatches with replacement at T = 1. Ours are without, which takes 1 off: Î, normalised by
    B - 1, makes the covariance of the minibatches' noise (1/B - 1/N)Î.

    Î averages over all updates, and never forgets the burn-in: start again from where it ended,
    with `init` or another call of `ngd.sample`. Until t(B - 1) >= P it is singular.

    Args:
        task: the cost and its N examples.
        batch_size: B in 2..N, drawn without replacement.
        injected: κ >= 0.
        damping: δ >= 0; > 0 where B - 1 < P, unless Î is diagonal.
        temperature: T > 0; the posterior is T = 1.
        diagonal: whether Î's diagonal stands for it: P numbers instead of P², and no P x P solve.

    Raises:
        ValueError: B is not in 2..N, κ or δ is negative, T is not positive; by `init`: δ is 0
            where the first Î is singular.
    """
    batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    bounds.count("batch_size", batch_size, 2)
    injected = bounds.non_negative("injected", injected)
    damping = bounds.non_negative("damping", damping)
    temperature = bounds.positive("temperature", temperature)
    metric = batch_covariance(task, batch_size, diagonal)
    gamma = _gamma(task, temperature, batch_size)

    plain = algorithm(
        lambda rng_key, state: step(
            rng_key, state, task, temperature, batch_size, injected, damping
        ),
        Settings(
            task,
            2 * temperature / (gamma + injected),
            metric,
            damping / (gamma + injected),
            batch_size,
            noise=temperature,
            counted=gamma / task.examples,
        ),
    )

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> State:
        state = plain.init(position)
        parameters = flatten(position).size
        undamped = not isinstance(damping, jax.Array) and damping == 0
        if undamped and not diagonal and batch_size <= parameters:
            raise ValueError(
                f"damping must be > 0 where batch_size ({batch_size}) is not above the number of "
                f"parameters ({parameters}): the covariance of one minibatch is singular"
            )
        return state

    return plain._replace(init=init)
