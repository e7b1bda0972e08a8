"""Fig. 1 with eq. (8) to the letter: noise of the covariance of F, divided by F + δI.

Ours is noise of the covariance of F + δI (`docs/readings.md`).
"""

import pandas as pd

from artifact.figures.fig1 import iterates
from artifact.figures.fig1.settings_fig1 import IteratesSettings
from artifact.protocols import Progress
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import preconditioned_langevin
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Task


def build(sampler: str, settings: IteratesSettings, task: Task) -> SamplingAlgorithm:
    """As `iterates.build`, but Δω = -ε(F + δI)⁻¹((1/N) dC/dω + α), E[ααᵀ] = 2TF/(εN)."""
    ours = iterates.build(sampler, settings, task)
    if sampler != "preconditioned_langevin":
        return ours
    metric, rate = exact_fisher(task), settings.learning_rate
    return ours._replace(
        step=lambda rng_key, state: preconditioned_langevin.step(
            rng_key, state, metric, rate, settings.temperature, settings.damping, noise_damping=0.0
        )
    )


def run(settings: IteratesSettings, root: int, progress: Progress) -> dict[str, pd.DataFrame]:
    """As `iterates.run`; data sets and NGD's chains are Fig. 1's own."""
    return iterates.run(settings, root, progress, build)
