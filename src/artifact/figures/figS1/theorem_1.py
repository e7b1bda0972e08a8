"""Theorem 1 put to the test: which power of |G| weighs the samples of eq. (8)."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy import optimize, stats

from artifact.engine.keys import key
from artifact.figures.figS1.settings_theorem_1 import Theorem1Settings
from artifact.problems import logistic
from artifact.protocols import Progress
from ngd import sampling
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.fisher import exact_fisher
from ngd.metrics.metric import Metric, memoryless
from ngd.prior import log_metric
from ngd.samplers import preconditioned_langevin, riemannian_langevin
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Params, Task, flatten, mean_cost

SAMPLERS = ("eq8", "flat", "jeffreys")
AIMED_AT = {"eq8": 0.5, "flat": 0.0, "jeffreys": 0.5}
"""k of e^{-C/T}|G|^k; of eq. (8) by Theorem 1."""

COORDINATES = ["problem", "sampler", "damping", "temperature", "learning_rate"]
ESTIMATE = ["exponent", "standard_error"]

CELLS = {1: 4001, 2: 401}
"""Points of the quadrature along each axis, by dimension."""


class Problem(NamedTuple):
    """A cost and a metric whose stationary density can be integrated.

    Attributes:
        task: the cost.
        metric: G without its damping.
        position: ω from a vector.
        dimension: 1 or 2.
        samplers: which of `SAMPLERS` sample it.
    """

    task: Task
    metric: Metric
    position: Callable[[jax.Array], Params]
    dimension: int
    samplers: tuple[str, ...] = SAMPLERS


def logistic_regression(settings: Theorem1Settings, root: int, dimension: int) -> Problem:
    """Logistic regression and its Fisher information, on a few examples."""
    train = logistic.simulate(root, dimension, settings.true_norm, settings.examples, seed=0)
    task = logistic.task(train)
    return Problem(task, exact_fisher(task), logistic.position, dimension)


def covariance(settings: Theorem1Settings, root: int, dimension: int) -> Problem:
    """The same regression with Σ of eq. (14) in F's place: eq. (15), its noise Gaussian."""
    plain = logistic_regression(settings, root, dimension)
    return plain._replace(metric=gradient_covariance(plain.task), samplers=("eq8",))


def conformal(settings: Theorem1Settings, root: int) -> Problem:
    """C = |ω|²/2 in two dimensions with G = (1 + |ω|²) I, which is no Hessian."""
    task = Task(
        lambda params, x: jnp.zeros((len(x), 2)),
        jnp.zeros((1, 1)),
        jnp.zeros(1, int),
        lambda params: 0.5 * jnp.sum(flatten(params) ** 2),
    )
    metric = memoryless(
        task,
        lambda rng_key, position: (
            jnp.sqrt(1 + jnp.sum(flatten(position) ** 2)) * jnp.eye(2, dtype=jnp.float32)
        ),
    )
    return Problem(task, metric, logistic.position, 2)


def problems(settings: Theorem1Settings, root: int) -> dict[str, Problem]:
    """What is sampled, by name."""
    return {
        "logistic_1d": logistic_regression(settings, root, 1),
        "logistic_2d": logistic_regression(settings, root, 2),
        "conformal_2d": conformal(settings, root),
        "covariance_1d": covariance(settings, root, 1),
        "covariance_2d": covariance(settings, root, 2),
    }


class At(NamedTuple):
    """Where a density is sampled: δ, T and ε."""

    damping: float
    temperature: float
    rate: float


def build(sampler: str, problem: Problem, at: At) -> SamplingAlgorithm:
    """One of `SAMPLERS`."""
    given: dict[str, Any] = {
        "learning_rate": at.rate,
        "damping": at.damping,
        "temperature": at.temperature,
    }
    if sampler == "eq8":
        return preconditioned_langevin.build(problem.metric, **given)
    return riemannian_langevin.build(problem.metric, **given, prior_exponent=AIMED_AT[sampler])


class Grid(NamedTuple):
    """A quadrature of e^{-C/T}.

    Attributes:
        log_weights: -C/T at its points.
        log_metric: ln|G| there.
    """

    log_weights: np.ndarray
    log_metric: np.ndarray


def quadrature(problem: Problem, damping: float, temperature: float) -> Grid:
    """A square about the origin, wide enough that e^{-C/T} has fallen by e^-30 at its edge."""

    @jax.jit
    def cost(points: jax.Array) -> jax.Array:
        one = lambda w: mean_cost(problem.task, problem.position(w))  # noqa: E731
        return problem.task.examples * jax.lax.map(one, points, batch_size=4096)

    def square(half: float, cells: int) -> np.ndarray:
        axis = np.linspace(-half, half, cells)
        axes = np.meshgrid(*[axis] * problem.dimension, indexing="ij")
        return np.stack([a.ravel() for a in axes], axis=1)

    half = 1.0
    while True:
        coarse = square(half, 101)
        values = np.asarray(cost(jnp.asarray(coarse, jnp.float32)))
        edge = values[np.abs(coarse).max(axis=1) == half]
        if edge.min() - values.min() > 30 * temperature:
            break
        half *= 1.5
    points = jnp.asarray(square(half, CELLS[problem.dimension]), jnp.float32)
    log_g = jax.lax.map(
        lambda w: log_metric(problem.metric, problem.position(w), damping),
        points,
        batch_size=4096,
    )
    return Grid(-np.asarray(cost(points), float) / temperature, np.asarray(log_g, float))


def expected_log_metric(grid: Grid, k: float) -> float:
    """E[ln|G|] under e^{-C/T}|G|^k; it grows with k."""
    log_density = grid.log_weights + k * grid.log_metric
    density = np.exp(log_density - log_density.max())
    return float(density @ grid.log_metric / density.sum())


def exponent(grid: Grid, mean_log_metric: float) -> float:
    """k̂ of greatest likelihood: where E[ln|G|] under e^{-C/T}|G|^k is the samples' mean."""
    miss = lambda k: expected_log_metric(grid, k) - mean_log_metric  # noqa: E731
    return float(optimize.brentq(miss, -6, 6, xtol=1e-6))


def extrapolate(rates: np.ndarray, k: np.ndarray, error: np.ndarray) -> tuple[float, float]:
    """k̂ at ε = 0 by a weighted parabola in ε, and its standard error."""
    design = np.stack([rates**0, rates, rates**2], axis=1) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    return float((covariance @ design.T @ (k / error))[0]), float(np.sqrt(covariance[0, 0]))


def run(settings: Theorem1Settings, root: int, progress: Progress) -> dict[str, pd.DataFrame]:
    """k̂ of every sampler on every problem at every δ, T and ε, and towards ε -> 0.

    Returns:
        Table `exponents`: problem, sampler, damping, temperature, learning_rate (0 for the
        extrapolation), exponent, standard_error, low, high (95%), aimed_at. Table `pooled`: the
        same over all T, for each δ and, with no damping named, over these too.
    """
    rows = []
    steps = {
        rate: (round(settings.burn_in / rate), round(settings.spacing / rate))
        for rate in settings.learning_rates
    }
    cells = list(product(settings.dampings, settings.temperatures))
    known = problems(settings, root)
    work = sum(b + settings.samples * s for b, s in steps.values())
    samplers = sum(len(problem.samplers) for problem in known.values())
    with progress(work * samplers * len(cells)) as advance:
        for name, problem in known.items():
            means_of = {
                sampler: log_metrics(problem, sampler, settings.samples)
                for sampler in problem.samplers
            }
            for damping, temperature in cells:
                grid = quadrature(problem, damping, temperature)
                for sampler, means_at in means_of.items():
                    found = []
                    for rate, (burn_in, spacing) in steps.items():
                        at = At(damping, temperature, rate)
                        rng_key = key(root, "figS1", name, sampler, **at._asdict())
                        means = means_at(rng_key, settings.chains, at, burn_in, spacing)
                        advance(burn_in + settings.samples * spacing)
                        k = exponent(grid, float(means.mean()))
                        found.append((rate, k, float(stats.sem(means)) / _slope(grid, k)))
                    found.append((0.0, *extrapolate(*map(np.array, zip(*found, strict=True)))))
                    rows += [(name, sampler, damping, temperature, *one) for one in found]
    exponents = _with_interval(pd.DataFrame(rows, columns=[*COORDINATES, *ESTIMATE]))
    return {"exponents": exponents, "pooled": pool(exponents)}


def pool(exponents: pd.DataFrame) -> pd.DataFrame:
    """Means of k̂ weighted by their precision: over T for each δ, and over T and δ."""
    weighed = exponents.assign(weight=exponents["standard_error"] ** -2)
    weighed["exponent"] *= weighed["weight"]
    parts = []
    for by in (["damping"], []):
        sums = weighed.groupby(["problem", "sampler", *by, "learning_rate"], sort=False)[
            ["exponent", "weight"]
        ].sum()
        means = sums["exponent"] / sums["weight"], sums["weight"] ** -0.5
        parts.append(pd.concat(dict(zip(ESTIMATE, means, strict=True)), axis=1).reset_index())
    table = pd.concat(parts, ignore_index=True)
    columns = [name for name in COORDINATES if name != "temperature"]
    return _with_interval(table[[*columns, *ESTIMATE]])


def _with_interval(table: pd.DataFrame) -> pd.DataFrame:
    half = stats.norm.ppf(0.975) * table["standard_error"]
    return table.assign(
        low=table["exponent"] - half,
        high=table["exponent"] + half,
        aimed_at=table["sampler"].map(AIMED_AT),
    )


def _slope(grid: Grid, k: float) -> float:
    """The variance of ln|G| under e^{-C/T}|G|^k, which is d/dk of its mean."""
    step = 1e-3
    return (expected_log_metric(grid, k + step) - expected_log_metric(grid, k - step)) / (2 * step)


def log_metrics(problem: Problem, sampler: str, samples: int) -> Callable[..., np.ndarray]:
    """A function of (rng_key, chains, at, burn_in, spacing): each chain's mean of ln|G|.

    It is over so many samples, and of shape (chains,).
    """

    # δ, T, ε and the updates are arguments, so that one program runs all.
    @jax.jit
    @partial(jax.vmap, in_axes=(0, None, None, None))
    def chain(rng_key: jax.Array, at: At, burn_in: jax.Array, spacing: jax.Array) -> jax.Array:
        algorithm = build(sampler, problem, at)
        start = algorithm.init(problem.position(jnp.zeros(problem.dimension)))
        # The burn-in is part of the first sample's updates, so that a step is compiled once.
        ends = burn_in + spacing * jnp.arange(1, samples + 1)

        def sample(carry: tuple[Any, jax.Array, jax.Array], end: jax.Array) -> tuple[Any, None]:
            state, total, first = carry
            state, _ = sampling.run(rng_key, algorithm, state, end - first, first=first)
            return (
                state,
                total + log_metric(problem.metric, state.position, at.damping),
                end,
            ), None

        (_, total, _), _ = jax.lax.scan(
            sample, (start, jnp.zeros(()), jnp.zeros_like(burn_in)), ends
        )
        return total / samples

    def means(rng_key: jax.Array, chains: int, at: At, burn_in: int, spacing: int) -> np.ndarray:
        keys = jax.random.split(rng_key, chains)
        return np.asarray(chain(keys, at, jnp.asarray(burn_in), jnp.asarray(spacing)), float)

    return means
