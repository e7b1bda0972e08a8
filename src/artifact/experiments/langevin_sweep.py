"""Fig. 2: preconditioned Langevin dynamics on logistic regression, section 6.1; Fig. S1."""

from collections.abc import Sequence

import jax.numpy as jnp
import pandas as pd

from artifact.checkpoint import Checkpoints
from artifact.experiments import logistic
from artifact.experiments.chains import Experiment, run_points
from artifact.progress import Progress
from artifact.sweep import Point, Settings
from ngd.metrics.fisher import logistic_fisher
from ngd.samplers import preconditioned_langevin


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
        algorithm=lambda task, point: preconditioned_langevin.build(
            task,
            logistic_fisher(task),
            point.learning_rate,
            settings["damping"],
            point.temperature,
        ),
        train=lambda seed: logistic.simulate(root, settings, points[0].examples, seed=seed),
        position=lambda seed: logistic.position(jnp.zeros(settings["inputs"])),
        test=logistic.simulate(root, settings, settings["test_examples"]),
        labels=2,
        together=True,
    )
    return run_points(experiment, figure, settings, points, root, progress, checkpoints)
