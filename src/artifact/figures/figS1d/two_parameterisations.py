"""One model in two parameterisations: does a sampler draw the same functions from both?"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int, PRNGKeyArray
from scipy import stats

from artifact.engine.keys import key
from artifact.figures.figS1d.settings_two_parameterisations import TwoParameterisationsSettings
from artifact.protocols import Progress
from ngd import laplace, sampling
from ngd.metrics.fisher import exact_fisher, exact_rows
from ngd.samplers import (
    SamplingAlgorithm,
    preconditioned_langevin,
    riemannian_langevin,
    riemannian_ngd,
    stochastic_ngd,
)
from ngd.task import Task

SAMPLERS = ("eq8", "langevin_flat", "langevin_jeffreys", "eq11", "ngd_flat", "ngd_jeffreys")
"""Eqs (8) and (11), and both with the drift that they lack: for k = 0 and for k = 1/2."""

EXPONENTS = {"flat": 0.0, "jeffreys": 0.5}
"""k of the density e^{-C/T}|F|^k that a corrected sampler aims at."""

SHARES = {"coin": (0.9, 0.1), "die": (0.6, 0.3, 0.1)}
"""How often each label stands in the training set of a model without inputs."""

BINS = 14
"""Of the histograms of ln|dω/dθ|."""

Vector = Float[Array, " P"]


class Problem(NamedTuple):
    """One model, whose parameters are ω or, by a map with a curvature, θ.

    Attributes:
        logits: `logits(ω, x)`.
        x: the inputs, shape (N, d).
        y: the labels.
        omega: ω = m(θ).
        theta: θ, from ω.
        start: ω at the minimum of C.
    """

    logits: Callable[[Vector, Array], Array]
    x: Array
    y: Int[Array, " N"]
    omega: Callable[[Vector], Vector]
    theta: Callable[[Vector], Vector]
    start: Vector


def categorical(shares: tuple[float, ...], examples: int) -> Problem:
    """A label without inputs: ω its log odds, θ its probabilities, both against label 0.

    F is a Hessian in both, so that eq. (8) has a density in both.

    Raises:
        ValueError: the labels' numbers are not whole.
    """
    counts = np.array(shares) * examples
    if not np.allclose(counts, np.round(counts)):
        raise ValueError(f"examples must be a multiple of 10, got {examples}")
    y = np.repeat(np.arange(len(shares)), np.round(counts).astype(int))

    def logits(w: Vector, x: Array) -> Array:
        return jnp.broadcast_to(jnp.append(0.0, w), (len(x), len(shares)))

    def log_odds(p: Vector) -> Vector:
        return jnp.log(p) - jnp.log1p(-p.sum())

    def probabilities(w: Vector) -> Vector:
        return jax.nn.softmax(jnp.append(0.0, w))[1:]

    start = log_odds(jnp.asarray(shares[1:]))
    return Problem(logits, jnp.zeros((examples, 1)), jnp.asarray(y), log_odds, probabilities, start)


def logistic(rng_key: PRNGKeyArray, examples: int, true_norm: float) -> Problem:
    """Logistic regression on two inputs: ω the weights, θ the logarithm of |ω| and its angle."""

    def logits(w: Vector, x: Array) -> Array:
        margin = x @ w
        return jnp.stack([jnp.zeros_like(margin), margin], axis=1)

    def weights(theta: Vector) -> Vector:
        return jnp.exp(theta[0]) * jnp.stack([jnp.cos(theta[1]), jnp.sin(theta[1])])

    def polar(w: Vector) -> Vector:
        return jnp.stack([jnp.log(jnp.linalg.norm(w)), jnp.arctan2(w[1], w[0])])

    key_inputs, key_labels = jax.random.split(rng_key)
    x = jax.random.normal(key_inputs, (examples, 2))
    y = jax.random.bernoulli(key_labels, jax.nn.sigmoid(true_norm * x[:, 0])).astype(int)
    start = laplace.minimise(Task(logits, x, y), jnp.zeros(2))
    return Problem(logits, x, y, weights, polar, start)


def problems(settings: TwoParameterisationsSettings, root: int) -> dict[str, Problem]:
    """What is sampled, by name: in one, two and two dimensions."""
    examples = settings.examples
    drawn = key(root, "figS1d", "data", examples=examples, norm=settings.true_norm)
    return {
        name: logistic(drawn, examples, settings.true_norm)
        if name == "logistic"
        else categorical(SHARES[name], examples)
        for name in settings.problems
    }


def tasks(problem: Problem) -> dict[str, Task]:
    """The model with each of its parameters."""
    of_theta = lambda theta, x: problem.logits(problem.omega(theta), x)  # noqa: E731
    return {
        "omega": Task(problem.logits, problem.x, problem.y),
        "theta": Task(of_theta, problem.x, problem.y),
    }


def log_jacobian(problem: Problem, theta: Vector) -> Float[Array, ""]:
    """ln|dω/dθ|."""
    return jnp.linalg.slogdet(jax.jacfwd(problem.omega)(theta))[1]


def leading_slope(problem: Problem) -> float:
    """The slope of eqs (8) and (11) to leading order in 1/N, by perturbation at the minimum.

    By Itô's formula the chain in θ has, as one in ω, the drift b = T F_θ⁻¹:∇∇m which the chain in
    ω has not. It shifts the mean by b, as the Hessian of C is F there, and l = ln|dω/dθ| by
    ∇l·b, where l has the variance T∇lᵀF⁻¹∇l: the slope is the ratio, T/N left out of both.
    """

    @jax.jit
    def ratio(theta: Vector) -> Float[Array, ""]:
        rows = exact_rows(tasks(problem)["theta"], theta)
        inverse = jnp.linalg.inv(rows.T @ rows)
        drift = jnp.einsum("ij,aij->a", inverse, jax.hessian(problem.omega)(theta))
        # ∇l by θ; by ω it is this times dθ/dω.
        slope = jax.grad(lambda t: log_jacobian(problem, t))(theta)
        shift = slope @ jnp.linalg.solve(jax.jacfwd(problem.omega)(theta), drift)
        return shift / (slope @ inverse @ slope)

    return float(ratio(problem.theta(problem.start)))


def predicted(problem: Problem, sampler: str) -> float:
    """The slope by theory: 2k - 1 of a corrected sampler, else `leading_slope`."""
    _, _, prior = sampler.partition("_")
    return 2 * EXPONENTS[prior] - 1 if prior else leading_slope(problem)


class Point(NamedTuple):
    """A learning rate ε, and the batch size B that has the temperature with it; 0 for all N."""

    learning_rate: float
    batch_size: int


def points(sampler: str, settings: TwoParameterisationsSettings) -> list[Point]:
    """Towards ε -> 0: the rates of the settings, or those which their batches need.

    With minibatches ε = 2T/(N/B - 1), by Theorem 2.
    """
    if sampler == "eq8" or sampler.startswith("langevin"):
        return [Point(rate, 0) for rate in settings.learning_rates]
    n, t = settings.examples, settings.temperature
    return [Point(2 * t / (n / size - 1), size) for size in settings.batch_sizes]


def build(sampler: str, task: Task, point: Point, temperature: float) -> SamplingAlgorithm:
    """One of `SAMPLERS`, without damping.

    Raises:
        ValueError: there is no such sampler.
    """
    metric, (rate, size) = exact_fisher(task), point
    if sampler == "eq8":
        return preconditioned_langevin.build(
            metric, learning_rate=rate, damping=0.0, temperature=temperature
        )
    if sampler == "eq11":
        return stochastic_ngd.build(metric, learning_rate=rate, damping=0.0, batch_size=size)
    noise, _, prior = sampler.partition("_")
    if noise == "langevin":
        k = EXPONENTS[prior]
        return riemannian_langevin.build(
            metric, learning_rate=rate, damping=0.0, temperature=temperature, prior_exponent=k
        )
    if noise == "ngd":
        return riemannian_ngd.build(
            metric,
            learning_rate=rate,
            damping=0.0,
            batch_size=size,
            prior_exponent=EXPONENTS[prior],
        )
    raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}, got {sampler!r}")


def log_jacobians(
    problem: Problem,
    parameterisation: str,
    sampler: str,
    points: Mapping[Point, PRNGKeyArray],
    settings: TwoParameterisationsSettings,
) -> list[np.ndarray]:
    """ln|dω/dθ| of the functions that chains draw with one of the parameterisations.

    With one key both parameterisations have the same noise: the rows of the Fisher's factor differ
    by the Jacobian alone, so that what α or β does to the function is the same to first order.

    Args:
        problem: the model.
        parameterisation: "omega" or "theta".
        sampler: one of `SAMPLERS`.
        points: the key of all chains at each.
        settings: of the figure.

    Returns:
        An array a point, of shape (repeats, chains times samples).
    """
    task = tasks(problem)[parameterisation]
    if parameterisation == "omega":
        start, theta = problem.start, problem.theta
    else:
        start, theta = problem.theta(problem.start), lambda position: position

    # ε and B are arguments, so that one program runs all points.
    @jax.jit
    @partial(jax.vmap, in_axes=(0, None, None, None))
    def chain(rng_key: PRNGKeyArray, point: Point, burn_in: Array, spacing: Array) -> Array:
        algorithm = build(sampler, task, point, settings.temperature)
        # The burn-in is part of the first sample's updates, so that a step is compiled once.
        ends = burn_in + spacing * jnp.arange(1, settings.samples + 1)

        def sample(carry: tuple[Any, Array], end: Array) -> tuple[tuple[Any, Array], Array]:
            state, first = carry
            state, _ = sampling.run(rng_key, algorithm, state, end - first, first=first)
            return (state, end), log_jacobian(problem, theta(state.position))

        return jax.lax.scan(sample, (algorithm.init(start), jnp.zeros_like(burn_in)), ends)[1]

    found = []
    for point, rng_key in points.items():
        keys = jax.random.split(rng_key, settings.repeats * settings.chains)
        updates = (
            max(1, round(units / point.learning_rate))
            for units in (settings.burn_in, settings.spacing)
        )
        path = np.asarray(chain(keys, point, *map(jnp.asarray, updates)), float)
        found.append(path.reshape(settings.repeats, -1))
    return found


class Moments(NamedTuple):
    """Of l = ln|dω/dθ| over the functions that the two chains draw, for each repeat.

    If the ratio p_θ/p_ω of the densities of the functions is |dω/dθ|^j, then the difference is
    j times the variance, to order j²: j is the slope of ln(p_θ/p_ω) against l.

    Attributes:
        difference: E_θ[l] - E_ω[l].
        variance: the mean of both chains'.
    """

    difference: np.ndarray
    variance: np.ndarray


def moments(omega: np.ndarray, theta: np.ndarray) -> Moments:
    """From l of the chains in ω and in θ, a row a repeat."""
    difference = theta.mean(axis=1) - omega.mean(axis=1)
    return Moments(difference, (omega.var(axis=1) + theta.var(axis=1)) / 2)


def limit(rates: np.ndarray, found: Sequence[Moments]) -> Moments:
    """The moments at ε = 0: the difference by a parabola in ε, the variance by a line.

    The chains in ω and θ have the same noise, so that the difference is exact enough for a
    parabola. The variance is not, and bends little: 1/(1 - ε/2) for a quadratic cost.
    """
    return Moments(
        np.polyfit(rates, np.stack([one.difference for one in found]), 2)[-1],
        np.polyfit(rates, np.stack([one.variance for one in found]), 1)[-1],
    )


def density_ratio(omega: np.ndarray, theta: np.ndarray) -> pd.DataFrame:
    """ln(p_θ/p_ω) by histograms of l, within two and a half standard deviations of its mean.

    Returns:
        Columns log_jacobian (the middle of a bin, less the mean), log_ratio (not finite where a
        chain never was in the bin), standard_error.
    """
    both = np.concatenate([omega.ravel(), theta.ravel()])
    half = 2.5 * both.std()
    edges = np.linspace(-half, half, BINS + 1)
    shares = [
        np.stack([np.histogram(row - both.mean(), edges)[0] / row.size for row in rows])
        for rows in (omega, theta)
    ]
    # Of the difference of the two shares, repeat by repeat, since these have the same noise.
    middle = (shares[0] + shares[1]).mean(axis=0) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(shares[1].mean(axis=0) / shares[0].mean(axis=0))
        error = stats.sem(shares[1] - shares[0], axis=0) / middle
    return pd.DataFrame(
        {
            "log_jacobian": (edges[1:] + edges[:-1]) / 2,
            "log_ratio": ratio,
            "standard_error": error,
        }
    )


def run(
    settings: TwoParameterisationsSettings, root: int, progress: Progress
) -> dict[str, pd.DataFrame]:
    """Every sampler on every problem with both parameterisations, towards ε -> 0.

    Returns:
        Table `runs`: problem, sampler, learning_rate (0 for the extrapolation), batch_size (0 for
        the whole training set, and for the extrapolation), repeat, the `Moments`, slope. Table
        `limits`: problem, sampler, slope, standard_error, low, high (95%), predicted. Table
        `ratios`: problem, sampler and what `density_ratio` has, at the smallest ε.

    Raises:
        FloatingPointError: a chain diverged.
    """
    runs, limits, ratios = [], [], []
    known = problems(settings, root)
    with progress(len(known) * len(SAMPLERS)) as advance:
        for name, problem in known.items():
            for sampler in SAMPLERS:
                here = {"problem": name, "sampler": sampler}
                keys = {
                    point: key(root, "figS1d", name, sampler, rate=point.learning_rate)
                    for point in points(sampler, settings)
                }
                omega, theta = (
                    log_jacobians(problem, parameterisation, sampler, keys, settings)
                    for parameterisation in ("omega", "theta")
                )
                found = dict(zip(keys, zip(omega, theta, strict=True), strict=True))
                refuse_diverged(found, name, sampler)
                at = {point: moments(*both) for point, both in found.items()}
                rates = np.array([point.learning_rate for point in found])
                at[Point(0.0, 0)] = limit(rates, list(at.values()))
                for point, (difference, variance) in at.items():
                    where = {**here, **point._asdict()}
                    runs += [
                        {**where, "repeat": repeat, "difference": d, "variance": v, "slope": d / v}
                        for repeat, (d, v) in enumerate(zip(difference, variance, strict=True))
                    ]
                ends = interval(at[Point(0.0, 0)])
                limits.append({**here, **ends, "predicted": predicted(problem, sampler)})
                finest = found[min(found)]
                ratios.append(density_ratio(*finest).assign(**here))
                advance(1)
    return {
        "runs": pd.DataFrame(runs),
        "limits": pd.DataFrame(limits),
        "ratios": pd.concat(ratios, ignore_index=True),
    }


def refuse_diverged(
    found: Mapping[Point, tuple[np.ndarray, np.ndarray]], name: str, sampler: str
) -> None:
    """A mean over the chains that are left would be of another distribution.

    Raises:
        FloatingPointError: a chain diverged.
    """
    for point, both in found.items():
        if not np.isfinite(both).all():
            raise FloatingPointError(
                f"a chain of {sampler} on {name} diverged at learning_rate = "
                f"{point.learning_rate:g}: take a smaller one, or more examples"
            )


def interval(found: Moments) -> dict[str, float]:
    """The slope over all repeats, its standard error and its 95% interval by Student's t."""
    ratio = found.difference / found.variance
    error = float(stats.sem(ratio))
    half = float(stats.t.ppf(0.975, len(ratio) - 1)) * error
    mean = float(ratio.mean())
    return {"slope": mean, "standard_error": error, "low": mean - half, "high": mean + half}
