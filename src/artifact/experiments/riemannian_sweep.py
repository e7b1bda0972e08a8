"""Fig. S1: Fig. 2 with samplers whose stationary density is e^{-C/T}|F + δI|^k."""

from collections.abc import Sequence

import jax.numpy as jnp
import pandas as pd

from artifact.checkpoint import Checkpoints
from artifact.experiments import logistic
from artifact.experiments.chains import Experiment, run_points
from artifact.progress import Progress
from artifact.sweep import Point, Settings
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import riemannian_langevin


def run(
    figure: str,
    settings: Settings,
    points: Sequence[Point],
    root: int,
    progress: Progress,
    checkpoints: Checkpoints,
) -> dict[str, pd.DataFrame]:
    """See `chains.run_points`."""
    experiment = Experiment(
        task=logistic.task,
        algorithm=lambda task, point: riemannian_langevin.build(
            task,
            exact_fisher(task),
            point.learning_rate,
            settings["damping"],
            point.temperature,
            settings["prior_exponent"],
        ),
        train=lambda seed: logistic.simulate(root, settings, points[0].examples, seed=seed),
        position=lambda seed: logistic.position(jnp.zeros(settings["inputs"])),
        test=logistic.simulate(root, settings, settings["test_examples"]),
        labels=2,
    )
    return run_points(experiment, figure, settings, points, root, progress, checkpoints)
