"""What the error of an estimated Fisher does to the temperature and density of stochastic NGD."""

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int, PRNGKeyArray

from artifact.engine.keys import key
from artifact.figures.figS2b.settings_estimated_fisher import EstimatedFisherSettings
from artifact.protocols import Progress
from ngd import laplace, sampling, theorem_2
from ngd.metrics.average import moving_average
from ngd.metrics.fisher import logistic_fisher, sampled_fisher
from ngd.metrics.metric import Metric
from ngd.models.logistic import Logistic
from ngd.samplers import stochastic_ngd
from ngd.task import Task, flatten

MODEL = Logistic()


class Estimate(NamedTuple):
    """How the Fisher is estimated.

    Attributes:
        labels: M, examples with one sampled label each; 0 for the exact Fisher.
        smoothing: α of the moving average of section 6.4; 0 for none.
    """

    labels: int
    smoothing: float


EXACT = Estimate(0, 0.0)


class Chains(NamedTuple):
    """What is kept of chains on one training set.

    Attributes:
        temperature: tr(L⁻¹S)/P, S the covariance of the iterates, L Laplace's at T = 1.
        mean: of ln|F(ω)|.
        deviation: of ln|F(ω)|.
    """

    temperature: float
    mean: float
    deviation: float


def estimates(settings: EstimatedFisherSettings) -> list[Estimate]:
    """The exact Fisher, and every number of labels without and with the average."""
    return [EXACT, *map(Estimate._make, itertools.product(settings.labels, settings.smoothings))]


def metric_of(task: Task, estimate: Estimate) -> Metric:
    """The metric of an estimate."""
    if estimate == EXACT:
        return logistic_fisher(task)
    metric = sampled_fisher(task, estimate.labels)
    return moving_average(metric, estimate.smoothing) if estimate.smoothing else metric


def relative_error(task: Task, minimum: Any, labels: int) -> float:
    """E tr(F⁻¹F̂ - I)²/P at the minimum, F̂ of one sampled label for each of M = `labels` examples.

    For logistic regression, where a row of F's factor is (Y - p_i)x_i. With w_i = (Y - p_i)²,
    s_i = x_iᵀF⁻¹x_i and f = M/N, as the examples are drawn without replacement, it is
    [mean((E w_i² - f(E w_i)²) s_i²)/P - (1 - f)]/M up to terms of order 1/(MN). For Gaussian
    rows and f = 0 that is (P + 1)/M.
    """
    x = np.asarray(task.x, float)
    p = 1 / (1 + np.exp(-x @ np.asarray(flatten(minimum), float)))
    first, second = p * (1 - p), p * (1 - p) * (p**3 + (1 - p) ** 3)
    fisher = (x * first[:, None]).T @ x / len(x)
    s = np.sum(x * np.linalg.solve(fisher, x.T).T, axis=1)
    f = labels / len(x)
    spread = np.mean((second - f * first**2) * s**2) / x.shape[1] - (1 - f)
    return float(spread) / labels


def predicted(task: Task, minimum: Any, estimate: Estimate) -> float:
    """T with the estimate over T with the exact Fisher, to first order in v, `relative_error`.

    An estimate is independent of the minibatch, so that the drift has E[F̂⁻¹]F = (1 + v)I and the
    diffusion E[F̂⁻¹FF̂⁻¹]F = (1 + 3v)I, on average over directions: the ratio is 1 + 2v. An
    average that is short beside 1/ε updates counts as M(1 + α)/(1 - α) labels.
    """
    if estimate == EXACT:
        return 1.0
    averaged = (1 - estimate.smoothing) / (1 + estimate.smoothing)
    return 1 + 2 * averaged * relative_error(task, minimum, estimate.labels)


def training_set(settings: EstimatedFisherSettings, root: int, seed: int) -> Task:
    """Logistic regression on inputs from the unit Gaussian, labels drawn at (true_norm, 0, ...)."""
    drawn = key(root, "figS2b", "data", examples=settings.examples, seed=seed)
    key_inputs, key_labels = jax.random.split(drawn)
    x = jax.random.normal(key_inputs, (settings.examples, settings.inputs))
    y = jax.random.bernoulli(key_labels, jax.nn.sigmoid(settings.true_norm * x[:, 0]))
    return Task(MODEL.apply, x, y.astype(int))


Sampler = Callable[[Array, Array, Any, PRNGKeyArray], tuple[Array, Array]]


def sampler(estimate: Estimate, settings: EstimatedFisherSettings) -> Sampler:
    """Chains from the minimum, as one program for all training sets.

    Args:
        estimate: of the Fisher.
        settings: of the figure.

    Returns:
        `sample(x, y, minimum, rng_key)`: ω less the minimum, and ln|F(ω)|, after each update past
        the burn-in; shapes (chains times updates, P) and (chains times updates,). With one key all
        estimates have the same minibatches.
    """
    rate = settings.learning_rate
    size = theorem_2.batch_size(rate, settings.examples, settings.temperature)
    burn_in, samples = (round(units / rate) for units in (settings.burn_in, settings.samples))

    @jax.jit
    def sample(
        x: Array, y: Array, minimum: Any, rng_key: PRNGKeyArray
    ) -> tuple[Float[Array, "n P"], Float[Array, " n"]]:
        task = Task(MODEL.apply, x, y)
        exact = logistic_fisher(task)
        algorithm = stochastic_ngd.build(
            metric_of(task, estimate), learning_rate=rate, damping=0.0, batch_size=size
        )

        def chain(rng_key: PRNGKeyArray) -> tuple[Array, Array]:
            state, _ = sampling.run(rng_key, algorithm, algorithm.init(minimum), burn_in)

            def one(state: Any, number: Int[Array, ""]) -> tuple[Any, tuple[Array, Array]]:
                state, _ = sampling.run(rng_key, algorithm, state, 1, first=burn_in + number)
                apart = flatten(state.position) - flatten(minimum)
                return state, (apart, exact.at(state.position).damped(0.0).log_determinant())

            return jax.lax.scan(one, state, jnp.arange(samples))[1]

        apart, log_metric = jax.vmap(chain)(jax.random.split(rng_key, settings.chains))
        return apart.reshape(-1, apart.shape[-1]), log_metric.ravel()

    return sample


def summarise(
    apart: Float[Array, "n P"], log_metric: Float[Array, " n"], covariance: Float[Array, "P P"]
) -> Chains:
    """Temperature and density of iterates, `covariance` being Laplace's at T = 1.

    Where a chain diverged the temperature is infinite, and the density unknown.
    """
    path, values = np.asarray(apart, float), np.asarray(log_metric, float)
    if not (np.isfinite(path).all() and np.isfinite(values).all()):
        return Chains(math.inf, math.nan, math.nan)
    measured = np.linalg.solve(np.asarray(covariance, float), np.cov(path, rowvar=False))
    heat = float(np.trace(measured)) / len(measured)
    return Chains(heat, float(values.mean()), float(values.std()))


def run(
    settings: EstimatedFisherSettings, root: int, progress: Progress
) -> dict[str, pd.DataFrame]:
    """Every estimate on every training set.

    Returns:
        Table `runs`: labels (0 for the exact Fisher), smoothing, seed, temperature, ratio (of the
        temperature to that with the exact Fisher; infinite where a chain diverged), shift (of the
        mean of ln|F|, in standard deviations of the chains with the exact Fisher; NaN where
        one diverged), predicted (the ratio's).
    """
    rows = []
    programs = {estimate: sampler(estimate, settings) for estimate in estimates(settings)}
    with progress(settings.repeats * len(programs)) as advance:
        for seed in range(settings.repeats):
            task = training_set(settings, root, seed)
            start = {"params": {"weights": jnp.zeros(settings.inputs)}}
            minimum = laplace.minimise(task, start)
            covariance = laplace.laplace(task, minimum).covariance
            rng_key = key(root, "figS2b", "chain", seed=seed)
            found = {
                estimate: summarise(*sample(task.x, task.y, minimum, rng_key), covariance)
                for estimate, sample in programs.items()
            }
            exact = found[EXACT]
            for estimate, chains in found.items():
                rows.append(
                    {
                        **estimate._asdict(),
                        "seed": seed,
                        "temperature": chains.temperature,
                        "ratio": chains.temperature / exact.temperature,
                        "shift": (chains.mean - exact.mean) / exact.deviation,
                        "predicted": predicted(task, minimum, estimate),
                    }
                )
            advance(len(programs))
    return {"runs": pd.DataFrame(rows)}
