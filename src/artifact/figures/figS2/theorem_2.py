"""Theorem 2 put to the test: the temperature of stochastic NGD as N grows and ε falls."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from artifact.engine.keys import key
from artifact.figures.figS2.settings_theorem_2 import Theorem2Settings
from artifact.problems import logistic
from artifact.protocols import Examples, Progress
from ngd import laplace, sampling, theorem_2
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.fisher import exact_fisher, exact_rows
from ngd.samplers import stochastic_ngd
from ngd.samplers.algorithm import State
from ngd.task import Params, Task, flatten

MODELS = ("well_specified", "misspecified")


def training_set(
    settings: Theorem2Settings, root: int, model: str, examples: int, seed: int
) -> Examples:
    """Labels that the model could have drawn; or flipped where the second input is over 1."""
    train = logistic.simulate(root, settings.inputs, settings.true_norm, examples, seed=seed)
    if model == "well_specified":
        return train
    return Examples(train.x, jnp.where(train.x[:, 1] > 1, 1 - train.y, train.y))


def noise_ratio(task: Task, params: Params) -> float:
    """tr(F⁻¹Σ)/P: the noise of eq. (14) over the Fisher, one where Theorem 2 holds."""
    fisher, noise = exact_rows(task, params), gradient_covariance(task).rows(params).written()
    ratio = jnp.linalg.solve(fisher.T @ fisher, noise.T @ noise)
    return float(jnp.trace(ratio)) / fisher.shape[1]


def run(settings: Theorem2Settings, root: int, progress: Progress) -> dict[str, pd.DataFrame]:
    """Every model, N, ε and training set.

    The temperature that is measured is tr(L⁻¹S)/P, S the covariance of the iterates about
    their mean and L the Laplace approximation's at T = 1: the variance of a sample over
    that of the posterior.

    Returns:
        Table `runs`: model, N, learning_rate, batch_size, seed, predicted (Theorem 2's T),
        measured, noise_ratio.
    """
    start = logistic.position(jnp.zeros(settings.inputs))
    chains = settings.chains

    @partial(jax.jit, static_argnames=("rate", "size"))
    def moments(
        train: Examples, minimum: jax.Array, rng_key: jax.Array, rate: float, size: int
    ) -> tuple[jax.Array, jax.Array]:
        """The mean of ω - minimum, and of its outer product, over chains and updates."""
        task = logistic.task(train)
        algorithm = stochastic_ngd.build(
            exact_fisher(task), learning_rate=rate, damping=0.0, batch_size=size
        )
        burn_in, samples = (round(length / rate) for length in (settings.burn_in, settings.samples))

        def keep(kept: tuple, update: jax.Array, state: State, info: object) -> tuple:
            apart = flatten(state.position) - minimum
            return kept[0] + apart, kept[1] + jnp.outer(apart, apart)

        def chain(rng_key: jax.Array) -> tuple:
            state = algorithm.init(logistic.position(minimum))
            state, _ = sampling.run(rng_key, algorithm, state, burn_in)
            n = len(minimum)
            nothing = (jnp.zeros(n), jnp.zeros((n, n)))
            return sampling.run(rng_key, algorithm, state, samples, keep, nothing, burn_in)[1]

        sums = jax.vmap(chain)(jax.random.split(rng_key, chains))
        first, second = (total.mean(axis=0) / samples for total in sums)
        return first, second

    rows = []
    models = itertools.product(MODELS, settings.examples, range(settings.repeats))
    with progress(len(MODELS) * len(settings.examples) * settings.repeats) as advance:
        for model, examples, seed in models:
            train = training_set(settings, root, model, examples, seed)
            task = logistic.task(train)
            posterior = laplace.laplace(task, laplace.minimise(task, start))
            noise = noise_ratio(task, logistic.position(posterior.mean))
            for rate in settings.learning_rates:
                size = theorem_2.batch_size(rate, examples, settings.temperature)
                rng_key = key(
                    root, "figS2", model, "chain", N=examples, learning_rate=rate, seed=seed
                )
                first, second = moments(train, posterior.mean, rng_key, rate, size)
                covariance = np.asarray(second, float) - np.outer(first, first)
                ratio = np.linalg.solve(np.asarray(posterior.covariance, float), covariance)
                rows.append(
                    {
                        "model": model,
                        "N": examples,
                        "learning_rate": rate,
                        "batch_size": size,
                        "seed": seed,
                        "predicted": theorem_2.temperature(rate, examples, size),
                        "measured": float(np.trace(ratio)) / len(ratio),
                        "noise_ratio": noise,
                    }
                )
            advance(1)
    return {"runs": pd.DataFrame(rows)}
