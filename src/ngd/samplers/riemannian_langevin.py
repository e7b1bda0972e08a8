"""Riemannian Langevin dynamics: eq. (4) with the drift that Theorem 1 leaves out."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.metrics.metric import Metric
from ngd.prior import log_metric
from ngd.samplers.algorithm import (
    Info,
    SamplingAlgorithm,
    Settings,
    State,
    algorithm,
    move,
    task_of,
)
from ngd.task import Params, Slope, slope


def correction(
    metric: Metric, position: Params, damping: Scalar, prior_exponent: Scalar
) -> Float[Array, " P"]:
    """∇·G⁻¹ + k G⁻¹ ∇ln|G|, for G = F + δI.

    Eq. (4) draws its noise at the metric before the update (Itô), so that with drift -G⁻¹∇C
    alone the flux of e^{-C/T}|G|^k does not vanish; this drift, times T, makes it vanish:
    Girolami & Calderhead (2011), as corrected by Xifara et al. (2014); Ma, Chen & Fox (2015)
    eq. (3) with D = G⁻¹, Q = 0. It costs P products with dG/dω and a determinant.
    """
    flat, unravel = ravel_pytree(position)

    def rows(w: Array) -> Array:
        return metric.rows(unravel(w)).written()

    u = rows(flat)
    inverse = jnp.linalg.inv(u.T @ u + damping * jnp.eye(len(flat), dtype=flat.dtype))

    def along(j: Array, column: Array) -> Array:
        def product(w: Array) -> Array:
            u = rows(w)
            return u.T @ (u @ column)

        return jax.jvp(product, (flat,), (j,))[1]

    # ∂_j (G⁻¹) e_j = -G⁻¹ (∂_j G) G⁻¹ e_j, summed over j.
    turned = jax.vmap(along)(jnp.eye(len(flat), dtype=flat.dtype), inverse).sum(axis=0)
    slope = jax.grad(lambda w: log_metric(metric, unravel(w), damping))(flat)
    return inverse @ (prior_exponent * slope - turned)


def pure(metric: Metric) -> None:
    """Refuse a metric whose slope `correction` can't take.

    Raises:
        ValueError: it has chance or memory.
    """
    if not metric.pure:
        raise ValueError(
            "metric must be a function of the parameters alone, as exact_fisher; got one that "
            "is sampled or averaged"
        )


def step(
    rng_key: PRNGKeyArray,
    state: State,
    metric: Metric,
    learning_rate: Scalar,
    temperature: Scalar,
    damping: Scalar,
    prior_exponent: Scalar,
    noise_metric: Metric | None = None,
    seen: Slope | None = None,
) -> tuple[State, Info]:
    """Δω = -ε G⁻¹((1/N) dC/dω + α) + (εT/N) `correction`, E[ααᵀ] = 2TG/(εN).

    With `noise_metric` that metric, undamped, is in G's place in α's covariance: its drift is G's.
    With `seen`, a minibatch's, that is in the place of C/N and its gradient.
    """
    task = metric.task
    key_metric, key_noise = jax.random.split(rng_key)
    damped, memory = metric.damped(key_metric, state.position, state.memory, damping)
    scale = jnp.sqrt(2 * temperature / (learning_rate * task.examples))
    shape = damped if noise_metric is None else noise_metric.at(state.position).damped(0.0)
    alpha = scale * shape.noise(key_noise)
    seen = slope(task, state.position) if seen is None else seen
    found = damped.solve(seen.gradient + alpha)
    extra = correction(metric, state.position, damping, prior_exponent)
    displacement = -learning_rate * (found.x - temperature / task.examples * extra)
    position, info = move(state.position, displacement, seen, found.iterations)
    return State(position, memory), info


def build(
    metric: Metric,
    *,
    learning_rate: Scalar,
    damping: Scalar,
    temperature: Scalar = 1.0,
    prior_exponent: Scalar = 0.0,
) -> SamplingAlgorithm:
    """A sampler of e^{-C/T} |F + δI|^k as ε -> 0, whatever the metric and the dimension.

    `preconditioned_langevin` is the same without the correction; what it samples is said
    in `docs/theorem1.md`.

    Args:
        metric: of the task that is sampled; a function of ω, without chance or memory:
            `exact_fisher`.
        learning_rate: ε > 0.
        damping: δ >= 0 of eq. (16).
        temperature: T >= 0.
        prior_exponent: k; 0 for a flat prior over ω, 1/2 for the Jeffreys prior of eq. (9).

    Raises:
        ValueError: ε is not positive, δ or T is negative, k is not finite, or the metric
            has chance or memory.
    """
    task = task_of(metric)
    pure(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    temperature = bounds.non_negative("temperature", temperature)
    damping = bounds.non_negative("damping", damping)
    prior_exponent = bounds.number("prior_exponent", prior_exponent)
    return algorithm(
        lambda rng_key, state: step(
            rng_key, state, metric, learning_rate, temperature, damping, prior_exponent
        ),
        Settings(
            task, learning_rate, metric, damping, noise=temperature, prior_exponent=prior_exponent
        ),
    )
