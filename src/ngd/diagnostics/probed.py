"""The same without a P x P matrix: traces by probes, extreme eigenvalues by Lanczos."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PRNGKeyArray

from ngd.diagnostics.linear import Prediction, estimates, noise_share, prediction, with_momentum
from ngd.diagnostics.terms import Estimate, first_rate
from ngd.laplace import hessian_times
from ngd.metrics.operator import Operator
from ngd.samplers.algorithm import Settings
from ngd.task import Params, weighted_losses

PROBED_ESTIMATES = 4
"""The same where they are kept as factors of a large model."""

FEWEST, ENOUGH = 4, 1e-3
"""Probes of a trace, at the least, and its relative error at which no more are made."""


def probed_prediction(
    settings: Settings, position: Params, memory: Any, rng_key: PRNGKeyArray, probes: int
) -> Prediction:
    """Without a P x P matrix: tr(AΣ) = tr[(2M - εMAM)⁻¹ Q]/ε by Hutchinson's probes of Q."""
    task, rate = settings.task, first_rate(settings)
    n, c = task.examples, noise_share(settings)
    flat, unravel = ravel_pytree(position)
    key_metric, key_probes = jax.random.split(rng_key)
    factors = estimates(settings, position, memory, key_metric, PROBED_ESTIMATES)
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
        return with_momentum(settings, mean, least, largest)
    return prediction(rate, mean, least, largest)


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
