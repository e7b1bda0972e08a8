"""Fig. 1: the iterates of two samplers against the Laplace approximation, section 6.1."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from artifact.engine.keys import key
from artifact.figures.fig1.settings_fig1 import IteratesSettings
from artifact.problems import logistic
from artifact.protocols import Progress
from ngd import laplace, sampling, theorem_2
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import preconditioned_langevin, stochastic_ngd
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Task, flatten

SAMPLERS = ("preconditioned_langevin", "stochastic_ngd")


def build(sampler: str, settings: IteratesSettings, task: Task) -> SamplingAlgorithm:
    """One of `SAMPLERS` at T, stochastic NGD by its batch size B = εN/(2T)."""
    rate, damping = settings.learning_rate, settings.damping
    metric = exact_fisher(task)
    if sampler == "preconditioned_langevin":
        return preconditioned_langevin.build(
            metric, learning_rate=rate, damping=damping, temperature=settings.temperature
        )
    size = theorem_2.batch_size(rate, task.examples, settings.temperature, exact=False)
    return stochastic_ngd.build(metric, learning_rate=rate, damping=damping, batch_size=size)


def run(
    settings: IteratesSettings,
    root: int,
    progress: Progress,
    build: Callable[[str, IteratesSettings, Task], SamplingAlgorithm] = build,
) -> dict[str, pd.DataFrame]:
    """Both samplers, as `build` makes them, on every data set.

    Returns:
        Table `iterates` of the first data set (sampler, update, w1, w2), and `ellipses` of all
        (sampler, kind, seed, m1, m2, c11, c12, c22): the iterates' mean and covariance
        and the Laplace approximation's, which is the same for both samplers.
    """
    n, burn_in, samples = settings.inputs, settings.burn_in, settings.samples
    start = logistic.position(jnp.zeros(n))

    @jax.jit(static_argnames="sampler")
    def chain(sampler: str, train: Any, rng_key: Any) -> jax.Array:
        algorithm = build(sampler, settings, logistic.task(train))
        state, _ = sampling.run(rng_key, algorithm, algorithm.init(start), burn_in)

        def keep(path: Any, update: Any, state: Any, info: Any) -> Any:
            return path.at[update - burn_in].set(flatten(state.position))

        path = jnp.zeros((samples, n))
        return sampling.run(rng_key, algorithm, state, samples, keep, path, burn_in)[1]

    ellipses, iterates = [], []
    with progress(settings.repeats * len(SAMPLERS) * (burn_in + samples)) as advance:
        for seed in range(settings.repeats):
            train = logistic.simulate(root, n, settings.true_norm, settings.examples, seed=seed)
            task = logistic.task(train)
            posterior = laplace.laplace(task, laplace.minimise(task, start), settings.temperature)
            for sampler in SAMPLERS:
                rng_key = key(root, "fig1", sampler, "chain", seed=seed)
                path = np.asarray(chain(sampler, train, rng_key))
                advance(burn_in + samples)
                moments = {
                    "iterates": (path.mean(axis=0, dtype=float), np.cov(path, rowvar=False)),
                    "laplace": (np.asarray(posterior.mean), np.asarray(posterior.covariance)),
                }
                for kind, (mean, covariance) in moments.items():
                    ellipses.append(
                        {
                            "sampler": sampler,
                            "kind": kind,
                            "seed": seed,
                            "m1": mean[0],
                            "m2": mean[1],
                            "c11": covariance[0, 0],
                            "c12": covariance[0, 1],
                            "c22": covariance[1, 1],
                        }
                    )
                if seed == 0:
                    table = pd.DataFrame(path, columns=["w1", "w2"]).reset_index(names="update")
                    iterates.append(table.assign(sampler=sampler))
    columns = ["sampler", "update", "w1", "w2"]
    return {"iterates": pd.concat(iterates)[columns], "ellipses": pd.DataFrame(ellipses)}
