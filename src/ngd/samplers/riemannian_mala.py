"""The manifold Metropolis-adjusted Langevin algorithm of Girolami & Calderhead (2011)."""

import jax.numpy as jnp
from jax.scipy.linalg import cho_solve

from ngd import bounds
from ngd.bounds import Scalar
from ngd.metrics.metric import Metric
from ngd.samplers.algorithm import SamplingAlgorithm, Settings, task_of
from ngd.samplers.mala import Place, Proposal, algorithm
from ngd.samplers.riemannian_langevin import correction, pure
from ngd.task import Params, slope


def place(
    metric: Metric,
    position: Params,
    damping: Scalar,
    extra: Scalar,
    prior_exponent: Scalar,
    simplified: bool,
) -> Place:
    """The drift -G⁻¹ (1/N) dC/dω, and unless `simplified` `extra` times `correction`.

    G = F + δI. `extra` is T/N.
    """
    seen = slope(metric.task, position)
    rows = metric.rows(position).written()
    root = jnp.linalg.cholesky(rows.T @ rows + damping * jnp.eye(rows.shape[1], dtype=rows.dtype))
    drift = -cho_solve((root, True), seen.gradient)
    if not simplified:
        drift = drift + extra * correction(metric, position, damping, prior_exponent)
    return Place(seen, drift.astype(seen.gradient.dtype), root.astype(seen.gradient.dtype))


def build(
    metric: Metric,
    *,
    learning_rate: Scalar,
    damping: Scalar,
    temperature: Scalar = 1.0,
    prior_exponent: Scalar = 0.0,
    simplified: bool = False,
) -> SamplingAlgorithm:
    """Samples e^{-C/T} |F + δI|^k exactly, at any ε, whatever the metric and the dimension.

    The proposals are the updates of `riemannian_langevin`, N(ω + ε d, (2εT/N) G⁻¹) with
    d = -G⁻¹ (1/N) dC/dω + (T/N) `correction`: the drift that Xifara et al. (2014) put in the place
    of Girolami & Calderhead's. The test is right with either. Both directions of a proposal have
    their own metric in it, so its density's |G|^{1/2} does not cancel.

    Args:
        metric: of the task that is sampled; a function of ω, without chance or memory:
            `exact_fisher`.
        learning_rate: ε > 0.
        damping: δ >= 0 of eq. (16).
        temperature: T > 0; the posterior is T = 1.
        prior_exponent: k; 0 for a flat prior over ω, 1/2 for the Jeffreys prior of eq. (9).
        simplified: their simplified variant: a drift without the metric's derivatives, which
            saves P products with dG/dω an update.

    Raises:
        ValueError: ε or T is not positive, δ is negative, k is not finite, or the metric has
            chance or memory; see `ngd.Task` for what `init` refuses.
    """
    task = task_of(metric)
    pure(metric)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    temperature = bounds.positive("temperature", temperature)
    damping = bounds.non_negative("damping", damping)
    prior_exponent = bounds.number("prior_exponent", prior_exponent)
    extra = temperature / task.examples

    def at(position: Params) -> Place:
        return place(metric, position, damping, extra, prior_exponent, simplified)

    return algorithm(
        at,
        Proposal(learning_rate, temperature, task.examples, prior_exponent),
        Settings(
            task,
            learning_rate,
            metric,
            damping,
            noise=temperature,
            prior_exponent=prior_exponent,
            metropolis=True,
        ),
    )
