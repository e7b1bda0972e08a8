"""The covariance of a sampler near a point, of P x P matrices in double precision."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from ngd.data import Inputs
from ngd.diagnostics.linear import Prediction, estimates, noise_share, prediction, with_momentum
from ngd.diagnostics.terms import Estimate, first_rate
from ngd.laplace import hessian
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.factor import Factor
from ngd.metrics.operator import Operator
from ngd.samplers.algorithm import Settings
from ngd.task import Functions, Params

ESTIMATES = 16
"""Of a metric with chance, over which its mean is taken."""


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


def _written(estimate: Operator, parameters: int) -> Callable[[float], np.ndarray]:
    if not isinstance(estimate, Factor):
        eye = jnp.eye(parameters)
        return lambda damping: np.asarray(jax.vmap(estimate.damped(damping).times)(eye), float)
    rows = np.asarray(estimate.written(), float)
    product = rows.T @ rows
    return lambda damping: product + damping * np.eye(parameters)


def matrices_at(settings: Settings, position: Params, memory: Any, rng_key: PRNGKeyArray) -> Local:
    """The matrices of a sampler with these settings; of a metric with chance several estimates."""
    task = settings.task
    found = _curvature(task.functions, task.x, task.y, position)
    a = np.asarray(found, float)
    s = np.zeros_like(a)
    if noise_share(settings):
        rows = np.asarray(_deviations(task.functions, task.x, task.y, position), float)
        s = rows.T @ rows
    factors = estimates(settings, position, memory, rng_key, ESTIMATES)
    return Local((a + a.T) / 2, s, [_written(factor, len(a)) for factor in factors])


def dense_prediction(settings: Settings, at: Local) -> Prediction:
    """What the recursion of these matrices does, exactly."""
    n, rate = settings.task.examples, first_rate(settings)
    a, s, c = at.curvature, at.covariance, noise_share(settings)
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
        along = n * np.diag(q) / (2 * float(settings.friction) * rate)
        overall = Estimate(float(along.mean()), 0.0)
        found = with_momentum(settings, overall, curvatures[0], curvatures[-1])
        if found.spectral_radius >= 1:
            return found
        sigma = q * _half_way(rate * curvatures, float(settings.friction))
        return found._replace(directions=_principal(n, curvatures, sigma))
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
    # The covariance of two axes falls by the mean of their ratios.
    ratios = _of_means(k, settings.window)
    sigma = sigma * np.add.outer(ratios, ratios) / 2 + np.eye(len(k)) * weights / n
    overall = Estimate(float((n * curvatures * np.diag(sigma)).mean()), 0.0)
    found = prediction(rate, overall, curvatures[0], curvatures[-1])
    if found.spectral_radius < 1:
        found = found._replace(directions=_principal(n, curvatures, sigma))
    return found._replace(
        spectral_radius=found.spectral_radius**settings.window,
        relaxation=found.relaxation / settings.window,
    )


def _principal(examples: int, curvatures: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """The eigenvalues of NAΣ: no axes are chosen, which equal curvatures leave open."""
    root = np.sqrt(curvatures)
    return np.linalg.eigvalsh(examples * np.outer(root, root) * (sigma + sigma.T) / 2)


def _half_way(paces: np.ndarray, friction: float) -> np.ndarray:
    """E[ωᵢωⱼ] where the noise has E[νᵢνⱼ] = 1, read half way, of paces εa: as `sghmc` moves."""
    kept = 1 - friction
    k = np.array([[1 - paces / 2, (1 + kept) / 2 - paces / 4], [-paces, kept - paces / 2]])
    pairs = np.einsum("abi,cdj->ijacbd", k, k).reshape(len(paces), len(paces), 4, 4)
    noise = np.kron([0.5, 1.0], [0.5, 1.0])
    return np.linalg.solve(np.eye(4) - pairs, noise[:, None])[..., 0, 0]


def _of_means(k: np.ndarray, window: int) -> np.ndarray:
    """The variance of means of W states, each k times the last and noise, over that of a state."""
    apart = np.arange(1, window)
    return (window + 2 * (k[:, None] ** apart) @ (window - apart)) / window**2
