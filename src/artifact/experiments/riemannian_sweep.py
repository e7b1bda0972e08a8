"""Figs S1b and S1c: Figs 2, 3, 4b with samplers of e^{-C/T}|F + δI|^k."""

from collections.abc import Sequence

import jax.numpy as jnp
import pandas as pd

from artifact.checkpoint import Checkpoints
from artifact.experiments import logistic
from artifact.experiments.chains import Experiment, run_points
from artifact.progress import Progress
from artifact.sweep import Point, Settings
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import SamplingAlgorithm, riemannian_langevin, riemannian_ngd
from ngd.task import Task


def run(
    figure: str,
    settings: Settings,
    points: Sequence[Point],
    root: int,
    progress: Progress,
    checkpoints: Checkpoints,
) -> dict[str, pd.DataFrame]:
    """See `chains.run_points`; the noise is that of minibatches where the points have a B."""
    damping, k = settings["damping"], settings["prior_exponent"]

    def algorithm(task: Task, point: Point) -> SamplingAlgorithm:
        metric, rate = exact_fisher(task), point.learning_rate
        if point.batch_size:
            return riemannian_ngd.build(task, metric, rate, damping, point.batch_size, k)
        return riemannian_langevin.build(task, metric, rate, damping, point.temperature, k)

    experiment = Experiment(
        task=logistic.task,
        algorithm=algorithm,
        train=lambda seed: logistic.simulate(root, settings, points[0].examples, seed=seed),
        position=lambda seed: logistic.position(jnp.zeros(settings["inputs"])),
        test=logistic.simulate(root, settings, settings["test_examples"]),
        labels=2,
    )
    return run_points(experiment, figure, settings, points, root, progress, checkpoints)
