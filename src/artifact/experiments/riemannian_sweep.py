"""Figs S1b and S1c: Figs 2, 3, 4b with samplers of e^{-C/T}|F + δI|^k."""

from artifact.experiments import logistic
from artifact.experiments.chains import Experiment
from artifact.sweep import Point, Settings
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import SamplingAlgorithm, riemannian_langevin, riemannian_ngd
from ngd.task import Task


def experiment(settings: Settings, examples: int, root: int) -> Experiment:
    """At N = `examples`, with the root seed `root`; minibatches' noise where points have a B."""
    damping, k = settings["damping"], settings["prior_exponent"]

    def algorithm(task: Task, point: Point) -> SamplingAlgorithm:
        metric, rate = exact_fisher(task), point.learning_rate
        if point.batch_size:
            return riemannian_ngd.build(task, metric, rate, damping, point.batch_size, k)
        return riemannian_langevin.build(task, metric, rate, damping, point.temperature, k)

    return logistic.experiment(settings, examples, root, algorithm)
