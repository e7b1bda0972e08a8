"""SGD with the constant step that is best for sampling (Mandt, Hoffman & Blei 2017)."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from ngd import bounds, minibatch
from ngd.bounds import Scalar
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.diagonal import Diagonal
from ngd.metrics.factor import Factor, Written
from ngd.metrics.metric import Metric, memoryless
from ngd.samplers import stochastic_ngd
from ngd.samplers.algorithm import SamplingAlgorithm, Settings
from ngd.task import Params, Task, check

PRECONDITIONERS = ("scalar", "diagonal", "full")
"""What S is taken for in the step: its mean, its diagonal, or all of it."""


def noise_metric(task: Task, position: Params, preconditioner: Any) -> Metric:
    """A constant metric: S of eq. (14) at a position, its diagonal, or (tr S/P) I.

    Raises:
        ValueError: `preconditioner` is none of the three, or what it takes of S is singular.
    """
    if preconditioner not in PRECONDITIONERS:
        raise ValueError(
            f"preconditioner must be one of {', '.join(PRECONDITIONERS)}, got {preconditioner!r}"
        )
    rows = gradient_covariance(task).rows(position).written()
    diagonal = jnp.sum(rows**2, axis=0)
    if preconditioner == "scalar":
        diagonal = jnp.full_like(diagonal, diagonal.mean())
    values = np.asarray(diagonal, float)
    if preconditioner == "full":
        values = np.linalg.eigvalsh(np.asarray(rows.T @ rows, float))
    # Below this a float32 matrix is not known to be positive definite.
    if not values.min() > 1e-6 * values.max():
        raise ValueError(
            f"preconditioner {preconditioner!r} must be of a covariance of the gradients that is "
            f"positive definite at the position: its eigenvalues are {values.min():.2g} to "
            f"{values.max():.2g}; ngd.mandt takes a damping"
        )
    factor: Factor = Diagonal(jnp.sqrt(diagonal))
    if preconditioner == "full":
        factor = Written(jnp.linalg.cholesky(rows.T @ rows).T)
    return memoryless(task, lambda key, at: factor)


def build(
    task: Task,
    position: Params,
    *,
    preconditioner: str,
    batch_size: int,
    temperature: Scalar = 1.0,
) -> SamplingAlgorithm:
    """SGD with Δω = -M((1/N) dC/dω + β), M = (2T/τ) S'⁻¹, S' being S, its diagonal or its mean.

    τ = N(N-B)/(B(N-1)), about N/B - 1, so that Cov β = (τ/N) S; S is taken at one position, a
    minimum of C. As M -> 0, near a minimum of curvature A:

    - "full" samples N(ω*, (T/N) A⁻¹), whatever A. It is `mandt` with a metric that stands still.
    - "scalar" is the constant step 2TP/(τ tr S), of all constant steps the one whose covariance has
      the least Kullback-Leibler divergence to that Gaussian.
    - "diagonal" is the diagonal of which this holds where M, S and A commute.

    The mean temperature N tr(AΣ)/P is T of all three; along single directions the last two are hot
    or cold. M is not small where N/B is not large: `ngd.diagnostics.predicted_temperature` tells
    what a finite M does, and it is infinite where M times the largest curvature is 2 or more.
    Nothing is added to the minibatches' noise.

    Args:
        task: the cost and its N examples.
        position: ω, near a minimum of C, as `ngd.laplace.minimise` finds it.
        preconditioner: "scalar", "diagonal" or "full".
        batch_size: B in 1..N-1, drawn without replacement.
        temperature: T > 0; the posterior is T = 1.

    Raises:
        ValueError: `preconditioner` is none of the three, what it takes of S is singular, B is
            not in 1..N-1, or T is not positive; see `ngd.Task` for how a model is refused.
    """
    batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    temperature = bounds.positive("temperature", temperature)
    check(task, position)
    if batch_size == task.examples:
        raise ValueError(
            f"batch_size must be a whole number in 1..{task.examples - 1}, got {batch_size}: all "
            "examples together have no noise"
        )
    metric = noise_metric(task, position, preconditioner)
    rate = 2 * temperature / noise_scale(task.examples, batch_size)
    sampler = stochastic_ngd.build(metric, learning_rate=rate, damping=0.0, batch_size=batch_size)
    settings = Settings(task, rate, metric, 0.0, batch_size, temperature=temperature)
    return sampler._replace(settings=settings)


def noise_scale(examples: int, batch_size: int) -> float:
    """τ = N(N-B)/(B(N-1)), for which Cov β = (τ/N) S."""
    return examples * minibatch.noise_share(examples, batch_size)
