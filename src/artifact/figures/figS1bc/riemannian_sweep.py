"""Figs S1b and S1c: Figs 2, 3, 4b with samplers of e^{-C/T}|F + δI|^k."""

import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from artifact.figures.figS1bc.settings_riemannian import RiemannianPoint
from artifact.problems import logistic
from artifact.protocols import Experiment
from artifact.settings.sweeps import Point
from ngd.metrics import damping as damped
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import riemannian_langevin, riemannian_ngd
from ngd.samplers.algorithm import Info, SamplingAlgorithm, State, move
from ngd.samplers.riemannian_langevin import correction
from ngd.task import Task, gradient


def with_covariance(
    task: Task, learning_rate: float, damping: float, temperature: float, prior_exponent: float
) -> SamplingAlgorithm:
    """`riemannian_langevin` with Σ of eq. (14) in place of F + δI as its noise's covariance."""
    metric, covariance = exact_fisher(task), gradient_covariance(task)
    scale = jnp.sqrt(2 * temperature / (learning_rate * task.examples))

    def step(rng_key: PRNGKeyArray, state: State) -> tuple[State, Info]:
        factor, _ = metric.estimate(rng_key, state.position, ())
        spread, _ = covariance.estimate(rng_key, state.position, ())
        alpha = scale * damped.noise(rng_key, spread, 0.0)
        drift = damped.solve(factor, damping, gradient(task, state.position) + alpha).x
        extra = correction(metric, state.position, damping, prior_exponent)
        displacement = -learning_rate * (drift - temperature / task.examples * extra)
        position, info = move(state.position, displacement)
        return State(position, ()), info

    return SamplingAlgorithm(lambda position, rng_key=None: State(position, ()), step)


def experiment(settings: RiemannianPoint, examples: int, root: int) -> Experiment:
    """At N = `examples`, with the root seed `root`; minibatches' noise where points have a B."""
    damping, k = settings.damping, settings.prior_exponent

    def algorithm(task: Task, point: Point) -> SamplingAlgorithm:
        metric, rate = exact_fisher(task), point.learning_rate
        if getattr(settings, "noise", "metric") == "covariance":
            return with_covariance(task, rate, damping, point.temperature, k)
        if point.batch_size:
            return riemannian_ngd.build(
                metric,
                learning_rate=rate,
                damping=damping,
                batch_size=point.batch_size,
                prior_exponent=k,
            )
        return riemannian_langevin.build(
            metric,
            learning_rate=rate,
            damping=damping,
            temperature=point.temperature,
            prior_exponent=k,
        )

    return logistic.experiment(settings, examples, root, algorithm)
