"""Figs S1b and S1c: Figs 2, 3, 4b with samplers of e^{-C/T}|F + δI|^k."""

from artifact.figures.figS1bc.settings_riemannian import RiemannianPoint
from artifact.problems import logistic
from artifact.protocols import Experiment
from artifact.settings.sweeps import Point
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import riemannian_langevin, riemannian_ngd
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Task


def experiment(settings: RiemannianPoint, examples: int, root: int) -> Experiment:
    """At N = `examples`, with the root seed `root`; minibatches' noise where points have a B."""
    damping, k = settings.damping, settings.prior_exponent

    def sampler(task: Task, point: Point) -> SamplingAlgorithm:
        metric, rate = exact_fisher(task), point.learning_rate
        if point.batch_size:
            return riemannian_ngd.build(
                metric,
                learning_rate=rate,
                damping=damping,
                batch_size=point.batch_size,
                prior_exponent=k,
            )
        plain = riemannian_langevin.build(
            metric,
            learning_rate=rate,
            damping=damping,
            temperature=point.temperature,
            prior_exponent=k,
        )
        if getattr(settings, "noise", "metric") == "metric":
            return plain
        # Σ of eq. (14) in place of F + δI as the noise's covariance.
        covariance = gradient_covariance(task)
        return plain._replace(
            step=lambda rng_key, state: riemannian_langevin.step(
                rng_key, state, metric, rate, point.temperature, damping, k, covariance
            )
        )

    return logistic.experiment(settings, examples, root, sampler)
