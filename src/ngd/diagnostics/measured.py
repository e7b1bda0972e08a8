"""The temperature of draws, measured, and how many of them are independent.

Under e^{-C/T}|G|^k, for any fixed c, E[(ω-c)·∇C] = T (P + k E[(ω-c)·∇ln|G|]): the virial theorem,
by parts.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from ngd.diagnostics.terms import Estimate, settings_of
from ngd.metrics.metric import Metric
from ngd.prior import log_metric
from ngd.samplers.algorithm import SamplingAlgorithm, Settings
from ngd.task import Params, flatten, gradient


class Virial(NamedTuple):
    """Running sums of a chain, from which its temperature follows: 2P numbers, for any P.

    Positions are taken relative to an origin, near the samples, that rounding may not grow.

    Attributes:
        samples: how many, or the sum of their weights, as all that follow are weighted sums.
        position: Σ ω, relative to the origin.
        slope: Σ ∇C of the summed cost.
        product: Σ ω·∇C.
        prior_slope: Σ ∇ln|G + δI|; zero where k = 0.
        prior_product: Σ ω·∇ln|G + δI|.
    """

    samples: Float[Array, ""]
    position: Float[Array, " P"]
    slope: Float[Array, " P"]
    product: Float[Array, ""]
    prior_slope: Float[Array, " P"]
    prior_product: Float[Array, ""]


def virial(origin: Params) -> Virial:
    """Of no sample."""
    flat = flatten(origin)
    zero, zeros = jnp.zeros((), flat.dtype), jnp.zeros_like(flat)
    return Virial(zero, zeros, zeros, zero, zeros, zero)


def add(
    sums: Virial, settings: Settings, origin: Params, position: Params, weight: Any = 1.0
) -> Virial:
    """One more sample of a chain with these settings. It costs a full gradient."""
    task = settings.task
    apart = flatten(position) - flatten(origin)
    slope = task.examples * gradient(task, position)
    prior = jnp.zeros_like(slope)
    if settings.prior_exponent and settings.metric is not None:
        prior = _log_metric_slope(settings.metric, settings.damping, position)
    return Virial(
        sums.samples + weight,
        sums.position + weight * apart,
        sums.slope + weight * slope,
        sums.product + weight * (apart @ slope),
        sums.prior_slope + weight * prior,
        sums.prior_product + weight * (apart @ prior),
    )


def _log_metric_slope(metric: Metric, damping: Any, position: Params) -> Array:
    flat, unravel = ravel_pytree(position)
    return jax.grad(lambda w: log_metric(metric, unravel(w), damping))(flat)


def temperature(sums: Virial, prior_exponent: float = 0.0) -> Estimate:
    """The temperature of chains, and its standard error over them.

    Each chain's products are taken about the mean position of the other chains, which it does
    not depend on: no bias, and less variance than about 0.

    Args:
        sums: of several chains, along a first axis.
        prior_exponent: k of e^{-C/T}|G + δI|^k.

    Raises:
        ValueError: there are fewer than two chains, or no samples.
    """
    s: Any = jax.tree.map(lambda leaf: np.asarray(leaf, float), sums)
    chains = len(s.samples) if s.samples.ndim else 1
    if chains < 2 or not (s.samples > 0).all():
        raise ValueError(f"a temperature needs samples of 2 chains or more, got {chains} chains")
    means = s.position / s.samples[:, None]
    others = (means.sum(axis=0) - means) / (chains - 1)
    energy = (s.product - (others * s.slope).sum(axis=1)) / s.samples
    prior = (s.prior_product - (others * s.prior_slope).sum(axis=1)) / s.samples
    parameters = s.position.shape[1] + prior_exponent * prior.mean()
    error = np.std(energy, ddof=1) / math.sqrt(chains)
    return Estimate(float(energy.mean() / parameters), float(error / abs(parameters)))


def measured_temperature(
    sampler: SamplingAlgorithm,
    draws: Params,
    prior_exponent: float | None = None,
    weights: Any = None,
) -> Estimate:
    """The temperature at which collected draws are.

    Args:
        sampler: what drew them; by its task, metric and damping.
        draws: positions with leading axes (chain, draw), past the burn-in.
        prior_exponent: k of the density that they are to be of; the sampler's own when None.
        weights: of the draws, shape (chain, draw): `Samples.statistics["weight"]`; equal when None.

    Raises:
        ValueError: the sampler is none of `ngd.samplers`, there are fewer than two chains, or the
            weights are not one for each draw.
    """
    settings = settings_of(sampler)
    if prior_exponent is not None:
        settings = settings._replace(prior_exponent=prior_exponent)
    origin = jax.tree.map(lambda leaf: jnp.asarray(leaf).mean(axis=(0, 1)), draws)
    start = virial(origin)
    shape = jax.tree.leaves(draws)[0].shape[:2]
    weights = jnp.ones(shape) if weights is None else jnp.asarray(weights)
    if weights.shape != shape:
        raise ValueError(f"weights must have the draws' shape {shape}, got {weights.shape}")

    @jax.jit
    def chain(weighted: tuple[Params, Array]) -> Virial:
        def body(sums: Virial, one: tuple[Params, Array]) -> tuple[Virial, None]:
            return add(sums, settings, origin, one[0], one[1].astype(start.samples.dtype)), None

        return jax.lax.scan(body, start, weighted)[0]

    return temperature(jax.lax.map(chain, (draws, weights)), float(settings.prior_exponent))


class Convergence(NamedTuple):
    """The worst over all parameters, by ArviZ.

    Attributes:
        ess: the least bulk effective sample size of all chains together.
        rhat: the largest rank-normalised split-R̂; 1 where the chains agree.
    """

    ess: float
    rhat: float


def convergence(draws: Params) -> Convergence:
    """How many independent draws they are worth, and whether the chains agree.

    Args:
        draws: arrays with leading axes (chain, draw), at least 4 draws.

    Raises:
        ImportError: ArviZ is not installed.
    """
    import arviz  # type: ignore[import-not-found, unused-ignore]

    flat = [np.asarray(leaf, float) for leaf in jax.tree.leaves(draws)]
    flat = [leaf.reshape(*leaf.shape[:2], -1) for leaf in flat]
    data = arviz.convert_to_dataset({"draws": np.concatenate(flat, axis=2)})
    return Convergence(
        float(arviz.ess(data)["draws"].min()), float(arviz.rhat(data)["draws"].max())
    )
