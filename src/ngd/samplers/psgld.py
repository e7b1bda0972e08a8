"""Preconditioned SGLD (Li, Chen, Carlson & Carin 2016), Algorithm 1 there."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds, minibatch
from ngd.bounds import Scalar
from ngd.metrics.diagonal import Diagonal
from ngd.metrics.metric import Metric
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, State, algorithm, move
from ngd.task import Params, Slope, Task, flatten, slope


class Memory(NamedTuple):
    """Running averages over the updates so far, both from 0.

    Attributes:
        square: V, of the squared gradients.
        square_slope: of the slopes 2 ḡ_k dḡ_k/dω_k of these squares; empty without correction.
    """

    square: Float[Array, " P"]
    square_slope: Float[Array, " _"]


def gradient_squares(task: Task, batch_size: int, smoothing: float, correction: bool) -> Metric:
    """G = diag(√V), V <- αV + (1-α)ḡ², ḡ the mean gradient of a minibatch's log likelihoods."""

    def init(position: Params) -> Memory:
        zeros = jnp.zeros_like(flatten(position))
        return Memory(zeros, zeros if correction else zeros[:0])

    def estimate(
        rng_key: PRNGKeyArray, position: Params, memory: Memory
    ) -> tuple[Diagonal, Memory]:
        _, memory = _seen(rng_key, task, position, memory, batch_size, smoothing)
        return Diagonal(memory.square**0.25), memory

    return Metric(task, init, estimate, pure=False)


def _seen(
    rng_key: PRNGKeyArray,
    task: Task,
    position: Params,
    memory: Memory,
    batch_size: int,
    smoothing: float,
) -> tuple[Slope, Memory]:
    """The slope of a minibatch, and the averages with it."""
    indices = minibatch.draw(rng_key, task.examples, batch_size)
    seen = slope(task, position, indices)
    mean = seen.gradient - flatten(jax.grad(task.regulariser)(position))
    square = smoothing * memory.square + (1 - smoothing) * mean**2
    square_slope = memory.square_slope
    if len(square_slope):
        flat, unravel = ravel_pytree(position)
        likelihood = task._replace(regulariser=None)
        curvature = jax.jacfwd(lambda w: slope(likelihood, unravel(w), indices).gradient)(flat)
        newest = 2 * mean * jnp.diagonal(curvature)
        square_slope = smoothing * square_slope + (1 - smoothing) * newest
    return seen, Memory(square, square_slope)


def drift(memory: Memory, damping: Scalar) -> Float[Array, " P"]:
    """Γ_k = dD_k/dω_k of D = 1/(λ + √V): of all that V is an average of, not of the newest alone.

    The source's Γ takes the newest term, whose share of V is 1 - α.
    """
    root = jnp.sqrt(memory.square)
    # Where V is 0 so is its slope, and D does not vary.
    slope = jnp.where(root > 0, memory.square_slope / jnp.where(root > 0, 2 * root, 1), 0)
    return -slope / (damping + root) ** 2


def step(
    rng_key: PRNGKeyArray,
    state: State,
    task: Task,
    learning_rate: Scalar,
    temperature: Scalar,
    batch_size: int,
    smoothing: float,
    damping: Scalar,
) -> tuple[State, Info]:
    """Δω = -εD((1/N) dC/dω + β) + ν, E[ννᵀ] = (2εT/N) D, D = diag(1/(λ + √V)).

    With the correction Δω has (εT/N) `drift` in addition.
    """
    key_batch, key_noise = jax.random.split(rng_key)
    seen, memory = _seen(key_batch, task, state.position, state.memory, batch_size, smoothing)
    g, inverse = seen.gradient, 1 / (damping + jnp.sqrt(memory.square))
    scale = jnp.sqrt(2 * learning_rate * temperature / task.examples * inverse)
    displacement = -learning_rate * inverse * g
    displacement = displacement + scale * jax.random.normal(key_noise, g.shape, g.dtype)
    if len(memory.square_slope):
        extra = drift(memory, damping)
        displacement = displacement + learning_rate * temperature / task.examples * extra
    position, info = move(state.position, displacement, seen)
    return State(position, memory), info


def build(
    task: Task,
    *,
    learning_rate: Scalar,
    batch_size: int,
    temperature: Scalar = 1.0,
    smoothing: float = 0.99,
    damping: Scalar = 1e-5,
    correction: bool = False,
) -> SamplingAlgorithm:
    """SGLD with RMSprop's diagonal for its metric.

    As published it leaves out the drift Γ, and does not sample e^{-C/T}: as ε -> 0 at a fixed α, V
    follows the position, and in one dimension the density is e^{-C/T}(λ + √E[ḡ²]), more mass
    where the cost is steep. With `correction` Γ of the whole metric is added, and the density is
    e^{-C/T} as ε -> 0, for full batches; minibatches make D a random number of its own, which
    is not corrected. Where the minibatches' noise is far above the mean gradient, V hardly
    varies, and either is SGLD with a constant metric, the minibatches' heat included.

    Li et al.'s step is 2ε/N of ours.

    Args:
        task: the cost and its N examples.
        learning_rate: ε > 0.
        batch_size: B in 1..N, drawn without replacement.
        temperature: T >= 0; the posterior is T = 1.
        smoothing: α in [0, 1) of V <- αV + (1-α)ḡ².
        damping: λ > 0 of D = 1/(λ + √V), in units of the mean gradient.
        correction: whether Γ is added. It costs P products with the likelihood's Hessian.

    Raises:
        ValueError: ε or λ is not positive, B is not in 1..N, T is negative, or α is not in [0, 1).
    """
    learning_rate = bounds.positive("learning_rate", learning_rate)
    batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    temperature = bounds.non_negative("temperature", temperature)
    smoothing = bounds.fraction("smoothing", smoothing)
    damping = bounds.positive("damping", damping)
    metric = gradient_squares(task, batch_size, smoothing, correction)
    return algorithm(
        lambda rng_key, state: step(
            rng_key, state, task, learning_rate, temperature, batch_size, smoothing, damping
        ),
        Settings(task, learning_rate, metric, damping, batch_size, noise=temperature),
    )
