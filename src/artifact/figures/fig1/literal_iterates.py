"""Fig. 1 with eq. (8) to the letter: noise of the covariance of F, divided by F + δI.

Ours is noise of the covariance of F + δI (`docs/readings.md`).
"""

from typing import Any

import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import PRNGKeyArray

from artifact.figures.fig1 import iterates
from artifact.figures.fig1.settings_fig1 import IteratesSettings
from artifact.protocols import Progress
from ngd.metrics import damping as damped
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import preconditioned_langevin
from ngd.samplers.algorithm import Info, SamplingAlgorithm, move
from ngd.samplers.preconditioned_langevin import State
from ngd.task import Task, slope


def build(sampler: str, settings: IteratesSettings, task: Task) -> SamplingAlgorithm:
    """As `iterates.build`, but Δω = -ε(F + δI)⁻¹((1/N) dC/dω + α), E[ααᵀ] = 2TF/(εN)."""
    ours = iterates.build(sampler, settings, task)
    if sampler != "preconditioned_langevin":
        return ours
    metric = exact_fisher(task)
    rate, damping = settings.learning_rate, settings.damping
    scale = jnp.sqrt(2 * settings.temperature / (rate * task.examples))

    def step(rng_key: PRNGKeyArray, state: State) -> tuple[State, Info]:
        key_metric, key_noise = jax.random.split(rng_key)
        factor, memory = metric.estimate(key_metric, state.position, state.memory)
        seen = slope(task, state.position)
        alpha = scale * damped.noise(key_noise, factor, 0.0)
        found = damped.solve(factor, damping, seen.gradient + alpha)
        position, info = move(state.position, -rate * found.x, seen, found.iterations)
        return preconditioned_langevin.State(position, memory), info

    return ours._replace(step=step)


def run(settings: IteratesSettings, root: int, progress: Progress) -> dict[str, Any]:
    """As `iterates.run`; data sets and NGD's chains are Fig. 1's own."""
    found: dict[str, pd.DataFrame] = iterates.run(settings, root, progress, build)
    return found
