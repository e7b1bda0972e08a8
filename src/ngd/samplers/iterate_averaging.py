"""Means of iterates as samples (Mandt, Hoffman & Blei 2017): iterate averaging."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PRNGKeyArray

from ngd import bounds
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings
from ngd.samplers.constant_sgd import noise_scale
from ngd.task import Params, flatten


class State(NamedTuple):
    """The mean of the last window's iterates, and the state of the chain that goes on."""

    position: Params
    inner: Any


def step(
    rng_key: PRNGKeyArray, state: State, sampler: SamplingAlgorithm, window: int
) -> tuple[State, Info]:
    """W updates of `sampler`, and the mean of the positions that they lead to.

    The minibatches of all updates are drawn independently. Those of one epoch would add up to the
    whole, and their noise would cancel in the mean.
    """
    before, unravel = ravel_pytree(state.position)
    origin = flatten(state.inner.position)

    def update(carry: tuple[Any, Array], number: Array) -> tuple[tuple[Any, Array], Info]:
        inner, total = carry
        inner, info = sampler.step(jax.random.fold_in(rng_key, number), inner)
        return (inner, total + flatten(inner.position) - origin), info

    start = (state.inner, jnp.zeros_like(origin))
    (inner, total), told = jax.lax.scan(update, start, jnp.arange(window))
    mean = origin + total / window
    last = jax.tree.map(lambda leaf: leaf[-1], told)
    info = last._replace(length=jnp.linalg.norm(mean - before))
    return State(unravel(mean), inner), info


def build(sampler: SamplingAlgorithm, *, window: int) -> SamplingAlgorithm:
    """The means of W iterates of SGD, which have the covariance (τ/(NW)) A⁻¹SA⁻¹ as W grows.

    τ = N(N-B)/(B(N-1)), about N/B - 1. So at W = N/B they have the sandwich covariance A⁻¹SA⁻¹/N of
    the maximum likelihood estimate, whatever the step and the preconditioner. That is the posterior
    where the model is right, S = A, and then T = τ/W in general. It takes many more updates than
    the slowest direction needs to forget where it was: with fewer the means are colder, as
    `ngd.diagnostics.predicted_temperature` tells.

    Args:
        sampler: `sgd`, `constant_sgd`, or another whose noise is that of minibatches alone.
        window: W >= 1; an update of this sampler takes as many of the other.

    Raises:
        ValueError: the sampler has a noise of its own, a momentum, a schedule or no minibatches,
            averages itself, or W is no whole number >= 1.
    """
    window = bounds.count("window", window, 1)
    settings = sampler.settings
    if settings is None or settings.batch_size is None or not _plain(settings):
        raise ValueError(
            "sampler must be one whose noise is that of minibatches alone, without momentum or "
            f"schedule, as ngd.sgd; got {type(sampler).__name__} of other settings"
        )
    scale = noise_scale(settings.task.examples, int(settings.batch_size))

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> State:
        return State(position, sampler.init(position, rng_key))

    return SamplingAlgorithm(
        init,
        lambda rng_key, state: step(rng_key, state, sampler, window),
        settings._replace(temperature=scale / window, window=window),
    )


def _plain(settings: Settings) -> bool:
    """Whether its updates are a constant step along a minibatch's gradient, and nothing else."""
    silent = isinstance(settings.noise, float) and settings.noise == 0
    constant = settings.friction is None and not callable(settings.learning_rate)
    return silent and constant and settings.window == 1
