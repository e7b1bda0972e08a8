r"""The temperature that a sampler will have, predicted before it runs.

Near a point with curvature A = (1/N) d²C/dω² a sampler is Δω = -ε M (A ω + β) + ν,
M = (G + δI)⁻¹, a linear recursion whose covariance solves Σ = KΣKᵀ + Q, K = I - εMA
(`scipy.linalg.solve_discrete_lyapunov`), exactly at any ε. Its temperature is N tr(AΣ)/P. With a
momentum the recursion is one of the pair (ω, v).
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ngd import bounds, data, minibatch
from ngd.diagnostics.dense import dense_prediction, matrices_at
from ngd.diagnostics.linear import Prediction
from ngd.diagnostics.probed import probed_prediction
from ngd.diagnostics.terms import Estimate, nominal_temperature, settings_of
from ngd.metrics.metric import Metric
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Params, Task, check, flatten

DENSE = 600
"""Up to so many parameters matrices are written out; beyond, traces are probed."""


def predicted_temperature(
    sampler: SamplingAlgorithm,
    position: Params,
    memory: Any = None,
    rng_key: PRNGKeyArray | None = None,
    probes: int = 32,
    dense: bool | None = None,
) -> Prediction:
    """The temperature that a sampler will have near a point, before it is run.

    Of a sampler with a Metropolis test it is T by construction, and all else is NaN or None: no
    linear recursion tells how fast it moves. Its acceptance does.

    Args:
        sampler: one of `ngd.samplers`.
        position: ω, a minimum of C or a typical sample.
        memory: the metric's, from a chain's state; None begins one.
        rng_key: for metrics with chance and for probes; a fixed one when None.
        probes: of Hutchinson's estimate of the trace, where P is above `DENSE`, at the most: fewer
            where they tell the trace to a thousandth.
        dense: whether matrices are written out; by P, and where the inputs are, when None.

    Raises:
        ValueError: the sampler is none of `ngd.samplers`, its learning rate is a schedule, the
            model is refused by `ngd.task.check`, or matrices are not written out and the sampler
            averages iterates.
    """
    settings = settings_of(sampler)
    if callable(settings.learning_rate):
        raise ValueError(
            "learning_rate must be a number for a prediction, got a schedule: its chain is never "
            "stationary; predict for the learning rate that it ends with"
        )
    check(settings.task, position)
    if settings.metropolis:
        exact = Estimate(nominal_temperature(settings), 0.0)
        return Prediction(exact, None, math.nan, math.nan, math.nan)
    key = jax.random.key(0) if rng_key is None else rng_key
    if dense is None:
        dense = _dense(settings.task, position)
    if settings.window > 1 and not dense:
        raise ValueError(
            f"position must be of at most {DENSE} parameters, of inputs in an array, for a "
            f"prediction of iterates' means, got {flatten(position).size}"
        )
    if dense:
        return dense_prediction(settings, matrices_at(settings, position, memory, key))
    return probed_prediction(settings, position, memory, key, probes)


def _dense(task: Task, position: Params) -> bool:
    """Whether matrices are written out: S takes all examples at once."""
    return flatten(position).size <= DENSE and not data.on_host(task.x)


class Calibration(NamedTuple):
    """Settings of stochastic NGD, and what they are predicted to give.

    Attributes:
        batch_size: B.
        damping: δ.
        prediction: at B and δ.
    """

    batch_size: int
    damping: float
    prediction: Prediction


def calibrated_batch(
    metric: Metric,
    position: Params,
    *,
    learning_rate: float,
    temperature: float = 1.0,
    dampings: Sequence[float] = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6),
    tolerance: float = 0.1,
) -> Calibration:
    """B and δ with which stochastic NGD has the temperature T near a point.

    T̂ is proportional to (N-B)/(B(N-1)), whose factor one prediction tells. Of the dampings that
    have a B, the one whose directions are nearest to T is taken; the largest, where P is too
    large to tell directions apart.

    Args:
        metric: F or any other metric of `ngd.metrics`, of the task that is sampled.
        position: a minimum of C.
        learning_rate: ε.
        temperature: T.
        dampings: δ, those to choose from.
        tolerance: how far T̂ may be from T, as a fraction: B is a whole number.

    Raises:
        ValueError: with no δ is there a B in 1..N of this temperature.
    """
    from ngd.samplers import stochastic_ngd

    task = metric.task
    t = float(bounds.positive("temperature", temperature))
    check(task, position)
    n, best, reached = task.examples, None, []
    key, at = jax.random.key(0), None
    for damping in sorted(dampings, reverse=True):
        sampler = stochastic_ngd.build(
            metric, learning_rate=learning_rate, damping=damping, batch_size=1
        )
        settings = settings_of(sampler)
        if _dense(task, position):
            at = at or matrices_at(settings, position, None, key)
            hottest = dense_prediction(settings, at)
        else:
            hottest = probed_prediction(settings, position, None, key, 32)
        reached.append(f"{hottest.temperature.value:.3g} at δ = {damping:g}")
        if not math.isfinite(hottest.temperature.value):
            continue
        share = t / hottest.temperature.value
        size = round(n / (1 + share * (n - 1)))
        if not 1 <= size < n:
            continue
        scale = minibatch.noise_share(n, size)
        value, error = (scale * part for part in hottest.temperature)
        if abs(value - t) > tolerance * t:
            continue
        along = None if hottest.directions is None else scale * hottest.directions
        off = math.inf
        if along is not None:
            off = float(np.mean(np.abs(np.log(np.maximum(along, 1e-12) / t))))
        if best is None or off < best[0]:
            found = hottest._replace(temperature=Estimate(value, error), directions=along)
            best = off, Calibration(size, float(damping), found)
    if best is None:
        raise ValueError(
            f"temperature {t:g} is that of no batch size in 1..{n} with learning_rate "
            f"{learning_rate:g}: with B = 1 it is {', '.join(reached)}; preconditioned_langevin "
            "makes its own noise and has any temperature"
        )
    return best[1]
