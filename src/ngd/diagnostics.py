r"""Is a chain at the temperature that was asked for? Measured, and predicted before it runs.

Measured: under e^{-C/T}|G|^k, for any fixed c, E[(ω-c)·∇C] = T (P + k E[(ω-c)·∇ln|G|]): the
virial theorem, by parts. Predicted: near a point with curvature A = (1/N) d²C/dω² a sampler is
Δω = -ε M (A ω + β) + ν, M = (G + δI)⁻¹, a linear recursion whose covariance solves
Σ = KΣKᵀ + Q, K = I - εMA (`scipy.linalg.solve_discrete_lyapunov`), exact at any ε. Its
temperature is N tr(AΣ)/P. With a momentum the recursion is one of the pair (ω, v).
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds, data
from ngd.data import Inputs
from ngd.laplace import hessian, hessian_times
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.factor import Factor
from ngd.metrics.metric import Metric
from ngd.metrics.operator import Operator
from ngd.prior import log_metric
from ngd.samplers.algorithm import SamplingAlgorithm, Settings
from ngd.task import Functions, Params, check, flatten, gradient, weighted_losses

DENSE = 600
"""Up to so many parameters matrices are written out; beyond, traces are probed."""

ESTIMATES = 16
"""Of a metric with chance, over which its mean is taken."""

PROBED_ESTIMATES = 4
"""The same where they are kept as factors of a large model."""

FEWEST, ENOUGH = 4, 1e-3
"""Probes of a trace, at the least, and its relative error at which no more are made."""


class Estimate(NamedTuple):
    """A number and its standard error."""

    value: float
    standard_error: float

    def __str__(self) -> str:
        """As 1.02 ± 0.03."""
        return f"{self.value:.3g} ± {self.standard_error:.2g}"


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


class Prediction(NamedTuple):
    """What a sampler does near a point.

    Attributes:
        temperature: N tr(AΣ)/P, with the standard error of its probes (0 if exact); infinite
            where the recursion overshoots, ε times the largest eigenvalue of MA being 2 or more,
            or 2(2 - α) with a momentum.
        directions: the temperature along each eigenvector of MA, lowest curvature first, whose
            mean is the above; None where P is above `DENSE`, or a Metropolis test makes it T.
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


def first_rate(settings: Settings) -> float:
    """ε, or ε_0 of a schedule."""
    rate = settings.learning_rate
    return float(rate(0) if callable(rate) else rate)


def settings_of(sampler: SamplingAlgorithm) -> Settings:
    """What a sampler was built of.

    Raises:
        ValueError: it is none of `ngd.samplers`.
    """
    if sampler.settings is None:
        raise ValueError("sampler must be built by ngd.samplers: its settings are not known")
    return sampler.settings


def nominal_temperature(settings: Settings) -> float:
    """T that was asked for, or by the formulas: of the Gaussian noise, or else (ε/2)(N/B - 1).

    The latter is Theorem 2's. Beside Gaussian noise that of minibatches is not meant to count.
    """
    if settings.temperature is not None:
        return float(settings.temperature)
    n, b, rate = settings.task.examples, settings.batch_size, settings.learning_rate
    noise = float(settings.noise)
    if noise or b is None or callable(rate):
        # Without noise a falling schedule ends in a minimum.
        return noise
    return float(rate) / 2 * (n / int(b) - 1) / float(settings.friction or 1)


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
        # The covariance of the gradients takes all examples at once.
        dense = flatten(position).size <= DENSE and not data.on_host(settings.task.x)
    if settings.window > 1 and not dense:
        raise ValueError(
            f"position must be of at most {DENSE} parameters, of inputs in an array, for a "
            f"prediction of iterates' means, got {flatten(position).size}"
        )
    if dense:
        return _dense(settings, _local(settings, position, memory, key))
    return _probed(settings, position, memory, key, probes)


def _noise_share(settings: Settings) -> float:
    """The factor c of Cov β = cS: (N-B)/(B(N-1)), of a minibatch without replacement."""
    n, b = settings.task.examples, settings.batch_size
    return 0.0 if b is None or n == 1 else (n - int(b)) / (int(b) * (n - 1))


def _factors(
    settings: Settings, position: Params, memory: Any, rng_key: PRNGKeyArray, estimates: int
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
    for i in range(skipped + (1 if metric.pure else estimates)):
        factor, memory = estimate(jax.random.fold_in(rng_key, i), position, memory)
        if i >= skipped:
            found.append(factor)
    return found


@partial(jax.jit, static_argnums=0)
def _curvature(functions: Functions, x: Inputs, y: Array, position: Params) -> Array:
    """A = (1/N) d²C/dω²; the task in parts, so that one of the same shapes is compiled no more."""
    task = functions.on(x, y)
    return hessian(task, position) / task.examples


@partial(jax.jit, static_argnums=0)
def _deviations(functions: Functions, x: Inputs, y: Array, position: Params) -> Array:
    """Rows R of S = RᵀR, eq. (14): the covariance of the examples' gradients."""
    metric = gradient_covariance(functions.on(x, y))
    return metric.rows(position).written()


class Local(NamedTuple):
    """The matrices at a point, written out in double precision.

    Attributes:
        curvature: A.
        covariance: S.
        metrics: G + δI of each estimate, a function of δ; none where it is the identity.
    """

    curvature: np.ndarray
    covariance: np.ndarray
    metrics: list[Callable[[float], np.ndarray]]


def _written(estimate: Operator, parameters: int) -> Callable[[float], np.ndarray]:
    if not isinstance(estimate, Factor):
        eye = jnp.eye(parameters)
        return lambda damping: np.asarray(jax.vmap(estimate.damped(damping).times)(eye), float)
    rows = np.asarray(estimate.written(), float)
    product = rows.T @ rows
    return lambda damping: product + damping * np.eye(parameters)


def _local(settings: Settings, position: Params, memory: Any, rng_key: PRNGKeyArray) -> Local:
    task = settings.task
    found = _curvature(task.functions, task.x, task.y, position)
    a = np.asarray(found, float)
    s = np.zeros_like(a)
    if _noise_share(settings):
        rows = np.asarray(_deviations(task.functions, task.x, task.y, position), float)
        s = rows.T @ rows
    factors = _factors(settings, position, memory, rng_key, ESTIMATES)
    return Local((a + a.T) / 2, s, [_written(factor, len(a)) for factor in factors])


def _dense(settings: Settings, at: Local) -> Prediction:
    n, rate = settings.task.examples, first_rate(settings)
    a, s, c = at.curvature, at.covariance, _noise_share(settings)
    damping = float(settings.damping)
    inverses = [np.linalg.inv(damped(damping)) for damped in at.metrics] or [np.eye(len(a))]
    mean = np.mean(inverses, axis=0)
    # Δω has the covariance ε² c MSM of the minibatch and (2εT/N) MGM of the Gaussian noise.
    q = rate**2 * c * np.mean([m @ s @ m for m in inverses], axis=0)
    q = q + 2 * rate * float(settings.noise) * float(settings.friction or 1) / n * mean
    undamped = [damped(0.0) for damped in at.metrics] or [np.eye(len(a))]
    known = [m @ g @ m for m, g in zip(inverses, undamped, strict=True)]
    q = q - rate**2 * float(settings.counted) * np.mean(known, axis=0)
    # K is symmetric in the coordinates where M is the identity.
    root = np.linalg.cholesky(mean)
    curvatures, axes = np.linalg.eigh(root.T @ a @ root)
    k = 1 - rate * curvatures
    into, back = axes.T @ np.linalg.inv(root), root @ axes
    q, turns = into @ q @ into.T, [into @ m @ a @ back for m in inverses]
    if settings.friction is not None:
        # Each axis is a pair (ω, v) of its own, whose Σ = q/(2αεa), read half way.
        directions = n * np.diag(q) / (2 * float(settings.friction) * rate)
        return _with_momentum(
            settings,
            Estimate(float(directions.mean()), 0.0),
            directions,
            curvatures[0],
            curvatures[-1],
        )
    # Where a mean moves, by gradients at draws about it of covariance (T/N)M.
    weights = float(settings.weight_noise)
    q = q + rate**2 * weights / n * np.mean([t @ t.T for t in turns], axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shrink = 1 - np.outer(k, k)
        sigma = q / shrink
        # A metric with chance turns the state by another matrix at each update.
        for _ in range(20 if len(turns) > 1 else 0):
            chance = np.mean([t @ sigma @ t.T for t in turns], axis=0)
            plain = curvatures[:, None] * sigma * curvatures
            sigma = (q + rate**2 * (chance - plain)) / shrink
    directions = n * curvatures * np.diag(sigma) * _of_means(k, settings.window)
    directions = directions + weights * curvatures
    found = _prediction(
        rate, Estimate(float(directions.mean()), 0.0), directions, curvatures[0], curvatures[-1]
    )
    return found._replace(
        spectral_radius=found.spectral_radius**settings.window,
        relaxation=found.relaxation / settings.window,
    )


def _of_means(k: np.ndarray, window: int) -> np.ndarray:
    """The variance of means of W states, each k times the last and noise, over that of a state."""
    apart = np.arange(1, window)
    return (window + 2 * (k[:, None] ** apart) @ (window - apart)) / window**2


def _prediction(
    rate: float,
    mean: Estimate,
    directions: np.ndarray | None,
    least: float,
    largest: float,
) -> Prediction:
    radius = max(abs(1 - rate * least), abs(1 - rate * largest))
    return _judged(mean, directions, radius, bool(rate * largest >= 2), largest)


def _with_momentum(
    settings: Settings,
    mean: Estimate,
    directions: np.ndarray | None,
    least: float,
    largest: float,
) -> Prediction:
    """The pair's matrix has along each axis the eigenvalues of x² - (2 - α - εa)x + (1 - α)."""
    rate, friction = first_rate(settings), float(settings.friction or 1)
    roots = [np.roots([1, rate * a - 2 + friction, 1 - friction]) for a in (least, largest)]
    # Between the two the radius is no larger: √(1 - α), or that of an end.
    radius = max(float(np.abs(pair).max()) for pair in roots)
    return _judged(mean, directions, radius, bool(rate * largest >= 2 * (2 - friction)), largest)


def _judged(
    mean: Estimate, directions: np.ndarray | None, radius: float, overshoots: bool, largest: float
) -> Prediction:
    if overshoots or not np.isfinite(mean.value):
        mean = Estimate(math.inf, 0.0)
    relaxation = -1 / math.log(radius) if 0 < radius < 1 else (0.0 if radius == 0 else math.inf)
    return Prediction(mean, directions, float(radius), relaxation, float(largest))


def _probed(
    settings: Settings, position: Params, memory: Any, rng_key: PRNGKeyArray, probes: int
) -> Prediction:
    """Without a P x P matrix: tr(AΣ) = tr[(2M - εMAM)⁻¹ Q]/ε by Hutchinson's probes of Q."""
    task, rate = settings.task, first_rate(settings)
    n, c = task.examples, _noise_share(settings)
    flat, unravel = ravel_pytree(position)
    key_metric, key_probes = jax.random.split(rng_key)
    factors = _factors(settings, position, memory, key_metric, PROBED_ESTIMATES)
    delta = settings.damping

    def metric(v: Array, factors: list[Operator]) -> Array:
        if settings.metric is None:
            return v
        return sum((f.damped(delta).times(v) for f in factors), jnp.zeros_like(v)) / len(factors)

    def inverse(v: Array, factors: list[Operator]) -> Array:
        if settings.metric is None:
            return v
        return sum((f.damped(delta).solve(v).x for f in factors), jnp.zeros_like(v)) / len(factors)

    def curve(v: Array, flat: Array) -> Array:
        return hessian_times(task, unravel(flat))(v)

    def probe_of_covariance(key: PRNGKeyArray, flat: Array) -> Array:
        """A vector whose second moment is S."""
        sign = jax.random.rademacher(key, (n,), flat.dtype)
        sign = (sign - sign.mean()) / jnp.sqrt(n)
        return jax.grad(lambda w: weighted_losses(task, unravel(w), sign))(flat)

    def solve(v: Array, apply: Any, start: Any) -> Array:
        return jax.scipy.sparse.linalg.cg(apply, v, M=start, tol=1e-4, maxiter=1000)[0]

    def weighed(s: Array, i: Array, flat: Array, factors: list[Operator]) -> Array:
        """ε sᵀM(2M - εMAM)⁻¹Ms, the first and the last M being that of estimate i."""
        if len(factors) <= 1:
            # (2M - εMAM)⁻¹ = G (2G - εA)⁻¹ G: no solve with M at all.
            once = lambda v: 2 * metric(v, factors) - rate * curve(v, flat)  # noqa: E731
            return rate * s @ solve(s, once, lambda v: inverse(v, factors))
        branches = [lambda v, f=f: f.damped(delta).solve(v).x for f in factors]
        moved = jax.lax.switch(i, branches, s)

        def both(v: Array) -> Array:
            turned = inverse(v, factors)
            return 2 * turned - rate * inverse(curve(turned, flat), factors)

        return rate * moved @ solve(moved, both, lambda v: metric(v, factors))

    def probe_of_metric(key: PRNGKeyArray, i: Array, factors: list[Any]) -> Array:
        """A vector whose second moment is that of estimate i, undamped."""
        branches = [
            lambda f=f: f.transpose_times(jax.random.rademacher(key, (f.shape[0],), flat.dtype))
            for f in factors
        ]
        return jax.lax.switch(i, branches)

    # What the parameters are is an argument: of constants XLA would run the network as it compiles.
    @jax.jit
    def share(key: PRNGKeyArray, flat: Array, factors: list[Operator]) -> Array:
        key_batch, key_noise, key_one = jax.random.split(key, 3)
        s = probe_of_covariance(key_batch, flat) if c else jnp.zeros_like(flat)
        if settings.friction is not None:
            heat = rate * (c * s @ s / len(flat) - settings.counted) / (2 * settings.friction)
            return n * heat + settings.noise
        i = jax.random.randint(key_one, (), 0, max(len(factors), 1))
        found = c * weighed(s, i, flat, factors) if c else jnp.zeros(())
        if settings.metric is not None and settings.counted:
            known = probe_of_metric(key_noise, i, factors)
            found = found - settings.counted * weighed(known, i, flat, factors)
        # Of the Gaussian noise: tr[(2M - εMAM)⁻¹ M] = tr[(2 - εMA)⁻¹]. Of draws about a mean their
        # own and the mean's: tr[MA + ε(2 - εMA)⁻¹(MA)²] = 2 tr[(2 - εMA)⁻¹MA].
        z = jax.random.rademacher(key_noise, flat.shape, flat.dtype)
        gaussian = jnp.zeros(())
        if any(not isinstance(t, float) or t for t in (settings.noise, settings.weight_noise)):
            plain = lambda v: 2 * v - rate * inverse(curve(v, flat), factors)  # noqa: E731
            right = settings.noise * z + settings.weight_noise * inverse(curve(z, flat), factors)
            y, _ = jax.scipy.sparse.linalg.bicgstab(plain, right, tol=1e-4, maxiter=1000)
            gaussian = 2 * z @ y / n
        return n * (found + gaussian) / len(flat)

    shares: list[float] = []
    for key_probe in jax.random.split(key_probes, probes):
        shares.append(float(share(key_probe, flat, factors)))
        mean = Estimate(float(np.mean(shares)), _error(shares))
        if len(shares) >= FEWEST and mean.standard_error <= ENOUGH * abs(mean.value):
            break
    turned = jax.jit(lambda v, flat, factors: inverse(curve(v, flat), factors))
    measure = jax.jit(metric)
    least, largest = _extremes(
        lambda v: turned(v, flat, factors), lambda v: measure(v, factors), flat.shape[0]
    )
    if settings.friction is not None:
        return _with_momentum(settings, mean, None, least, largest)
    return _prediction(rate, mean, None, least, largest)


def _error(values: list[float]) -> float:
    """The standard error of their mean; not known of one."""
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf


def _extremes(apply: Any, metric: Any, parameters: int, steps: int = 60) -> tuple[float, float]:
    """The extreme eigenvalues of MA, symmetric in the metric's own product, by Lanczos."""
    steps = min(steps, parameters)
    v = np.random.default_rng(0).normal(size=parameters)
    basis, duals = np.empty((steps, parameters)), np.empty((steps, parameters))
    small = np.zeros((steps, steps))
    for j in range(steps):
        dual = np.asarray(metric(jnp.asarray(v, float)), float)
        norm = math.sqrt(max(v @ dual, 0.0))
        if norm == 0 or (j and norm < 1e-5 * abs(small[j - 1, j - 1])):
            small = small[:j, :j]
            break
        basis[j], duals[j] = v / norm, dual / norm
        v = np.asarray(apply(jnp.asarray(basis[j], float)), float)
        known, along = basis[: j + 1], duals[: j + 1]
        small[: j + 1, j] = along @ v
        for _ in range(2):
            v = v - (along @ v) @ known
    found = np.linalg.eigvalsh(small if len(small) else np.zeros((1, 1)), UPLO="U")
    return float(found[0]), float(found[-1])


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
    key, local = jax.random.key(0), None
    for damping in sorted(dampings, reverse=True):
        sampler = stochastic_ngd.build(
            metric, learning_rate=learning_rate, damping=damping, batch_size=1
        )
        settings = settings_of(sampler)
        if flatten(position).size <= DENSE:
            local = local or _local(settings, position, None, key)
            hottest = _dense(settings, local)
        else:
            hottest = _probed(settings, position, None, key, 32)
        reached.append(f"{hottest.temperature.value:.3g} at δ = {damping:g}")
        if not math.isfinite(hottest.temperature.value):
            continue
        share = t / hottest.temperature.value
        size = round(n / (1 + share * (n - 1)))
        if not 1 <= size < n:
            continue
        scale = (n - size) / (size * (n - 1))
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


class CalibrationWarning(UserWarning):
    """A chain is not at the temperature that was asked for."""


def causes(
    settings: Settings,
    asked: float,
    measured: Estimate | None,
    predicted: Prediction | None,
    updates: int,
    tolerance: float = 0.1,
) -> list[str]:
    """Why a chain is not at the temperature asked for, each with its cure; empty where it is.

    Args:
        settings: the sampler's.
        asked: T.
        measured: by the virial theorem.
        predicted: by the Lyapunov equation.
        updates: how many the chain made, burn-in included.
        tolerance: how far from T is far, as a fraction, if it is more than 3 standard errors.
    """

    def far(found: Estimate) -> bool:
        off = abs(found.value - asked)
        return not off <= max(tolerance * asked, 3 * found.standard_error)

    found = []
    rate = first_rate(settings)
    cold_or_hot = "colder" if predicted and predicted.temperature.value < asked else "hotter"
    bound = 2 if settings.friction is None else 2 * (2 - float(settings.friction))
    if settings.metropolis:
        found.append(
            f"a sampler with a Metropolis test is at its own temperature "
            f"({nominal_temperature(settings):g}) once it has forgotten where it began: more "
            f"burn_in and thin, or a learning_rate ({rate:g}) of another acceptance_rate"
        )
    elif predicted is not None and math.isinf(predicted.temperature.value):
        found.append(
            f"the step overshoots: learning_rate times the largest curvature is "
            f"{rate * predicted.largest:.3g} and must be below {bound:.3g}, so lower learning_rate "
            f"({rate:g}) below {bound / predicted.largest:.2g} or raise damping "
            f"({float(settings.damping):g})"
        )
    elif predicted is not None and far(predicted.temperature):
        if settings.weight_noise:
            found.append(
                f"noisy_ngd misses T, its draws are {cold_or_hot} by what their mean moves: "
                f"lower learning_rate ({rate:g})"
            )
        elif settings.batch_size is not None and settings.noise:
            found.append(
                f"the minibatches' noise makes it {cold_or_hot} than its own noise alone would: "
                f"shorter steps (learning_rate is {rate:.3g}) or a larger batch_size "
                f"({int(settings.batch_size)})"
            )
        elif settings.batch_size is not None:
            found.append(
                f"the minibatches' noise is {cold_or_hot} than the metric F + δI takes it to be: "
                f"change batch_size ({int(settings.batch_size)}) and damping "
                f"({float(settings.damping):g}) to those of ngd.diagnostics.calibrated_batch, or "
                "take the sampler preconditioned_langevin, which makes its own noise"
            )
        else:
            found.append(
                f"the learning_rate ({rate:g}) is too large for its noise alone to set the "
                f"temperature (T/(1 - εa/2) along a curvature a): lower it"
            )
    if predicted is not None and predicted.relaxation > updates / 10:
        slow = predicted.relaxation
        needs = f"needs {slow:.0f} updates" if math.isfinite(slow) else "does not come back"
        found.append(
            f"the slowest direction {needs} to forget where it was, and the chain had {updates}: "
            "more burn_in and thin, or a smaller damping"
        )
    if measured is not None and not found and far(measured):
        found.append(
            "the cost is not quadratic as far as the chain reaches, or the varying metric weighs "
            "the density by |F + δI| (docs/theorem1.md): take riemannian_langevin, or a smaller "
            f"learning_rate ({rate:g})"
        )
    if measured is not None and not measured.standard_error <= tolerance * asked:
        found.append(
            "the temperature is not known to a tenth: more chains, or more draws further apart"
        )
    wrong = [e for e in (measured, predicted and predicted.temperature) if e is not None]
    if not any(far(e) or not e.standard_error <= tolerance * asked for e in wrong):
        return []
    return found
