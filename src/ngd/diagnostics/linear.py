"""A sampler near a point: a linear recursion, and what its extreme eigenvalues say."""

import math
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ngd import minibatch
from ngd.diagnostics.terms import Estimate, first_rate
from ngd.metrics.operator import Operator
from ngd.samplers.algorithm import Settings
from ngd.task import Params


class Prediction(NamedTuple):
    """What a sampler does near a point.

    Attributes:
        temperature: N tr(AΣ)/P, with the standard error of its probes (0 if exact); infinite
            where the recursion overshoots, ε times the largest eigenvalue of MA being 2 or more,
            or 2(2 - α) with a momentum.
        directions: the eigenvalues of NAΣ, lowest first, whose mean is the above: along any
            direction the temperature is between the first and the last. None where P is above
            `DENSE`, where the recursion does not come back, or a Metropolis test makes it T.
        spectral_radius: of K = I - εMA, or of the pair's matrix where there is a momentum. Above 1
            there is no stationary covariance: the chain overshoots, or the point is no minimum.
        relaxation: updates in which the slowest direction forgets by a factor e; infinite
            where one does not come back.
        largest: the largest eigenvalue of MA.
    """

    temperature: Estimate
    directions: np.ndarray | None
    spectral_radius: float
    relaxation: float
    largest: float


def noise_share(settings: Settings) -> float:
    """The factor c of Cov β = cS; 0 of a sampler without minibatches."""
    b = settings.batch_size
    return 0.0 if b is None else minibatch.noise_share(settings.task.examples, int(b))


def estimates(
    settings: Settings, position: Params, memory: Any, rng_key: PRNGKeyArray, count: int
) -> list[Operator]:
    """Estimates of the metric at a point: one where it is pure."""
    metric = settings.metric
    if metric is None:
        return []
    estimate = jax.jit(metric.factor)
    fresh = memory is None
    memory = metric.init(position) if fresh else memory
    remembers = bool(jax.tree.leaves(memory))
    # An average must have forgotten how it began.
    skipped = 200 if fresh and remembers else 0
    found = []
    for i in range(skipped + (1 if metric.pure else count)):
        factor, memory = estimate(jax.random.fold_in(rng_key, i), position, memory)
        if i >= skipped:
            found.append(factor)
    return found


def prediction(
    rate: float,
    mean: Estimate,
    least: float,
    largest: float,
) -> Prediction:
    """Of the temperature, and of the least and the largest eigenvalue of MA."""
    radius = max(abs(1 - rate * least), abs(1 - rate * largest))
    return _judged(mean, radius, bool(rate * largest >= 2), largest)


def with_momentum(
    settings: Settings,
    mean: Estimate,
    least: float,
    largest: float,
) -> Prediction:
    """The pair's matrix has along each axis the eigenvalues of x² - (2 - α - εa)x + (1 - α)."""
    rate, friction = first_rate(settings), float(settings.friction or 1)
    roots = [np.roots([1, rate * a - 2 + friction, 1 - friction]) for a in (least, largest)]
    # Between the two the radius is no larger: √(1 - α), or that of an end.
    radius = max(float(np.abs(pair).max()) for pair in roots)
    return _judged(mean, radius, bool(rate * largest >= 2 * (2 - friction)), largest)


def _judged(mean: Estimate, radius: float, overshoots: bool, largest: float) -> Prediction:
    if overshoots or not np.isfinite(mean.value):
        mean = Estimate(math.inf, 0.0)
    relaxation = -1 / math.log(radius) if 0 < radius < 1 else (0.0 if radius == 0 else math.inf)
    return Prediction(mean, None, float(radius), relaxation, float(largest))
