"""Fig. S3: the samplers against NUTS, the gold standard, on Fig. 1's posterior and at n = 64."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, PRNGKeyArray
from scipy.stats import wasserstein_distance

from artifact.engine import programs
from artifact.engine.keys import key
from artifact.figures.figS1bc.separable import is_separable
from artifact.figures.figS3.settings_gold_standard import GoldStandardSettings
from artifact.problems import logistic
from artifact.protocols import Progress
from ngd import laplace, prior, sampling, theorem_2
from ngd.metrics.fisher import logistic_fisher
from ngd.samplers import mandt, preconditioned_langevin, riemannian_langevin, stochastic_ngd
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Params, Task, flatten, mean_cost

EXPONENTS = (0.0, 0.5, 1.0)
"""k of the densities e^{-C}|F + δI|^k that NUTS samples."""

Path = Float[Array, "chains samples n"]


SAMPLERS = (
    "stochastic_ngd",
    "preconditioned_langevin",
    "mandt",
    "riemannian_langevin, k = 0",
    "riemannian_langevin, k = 0.5",
)
"""The paper's, and two with the missing drift."""


def build(sampler: str, settings: GoldStandardSettings, task: Task) -> SamplingAlgorithm:
    """One of `SAMPLERS` at T = 1."""
    rate, damping, metric = settings.learning_rate, settings.damping, logistic_fisher(task)
    size = theorem_2.batch_size(rate, task.examples, 1.0)
    if sampler == "stochastic_ngd":
        return stochastic_ngd.build(metric, learning_rate=rate, damping=damping, batch_size=size)
    if sampler == "preconditioned_langevin":
        return preconditioned_langevin.build(metric, learning_rate=rate, damping=damping)
    if sampler == "mandt":
        return mandt.build(task, learning_rate=rate, batch_size=size, damping=damping)
    k = float(sampler.rpartition("=")[2])
    return riemannian_langevin.build(metric, learning_rate=rate, damping=damping, prior_exponent=k)


def training_sets(settings: GoldStandardSettings, n: int, root: int) -> Iterator[tuple[int, Task]]:
    """The first `repeats` seeds whose classes are not separable, and their tasks.

    Raises:
        ValueError: of twenty times as many hardly any are.
    """
    found = 0
    for seed in range(20 * settings.repeats):
        train = logistic.simulate(root, n, settings.true_norm, settings.examples, seed=seed)
        if not is_separable(np.asarray(train.x, float), np.asarray(train.y)):
            yield seed, logistic.task(train)
            found += 1
        if found == settings.repeats:
            return
    raise ValueError(
        f"figS3: of {20 * settings.repeats} training sets of {settings.examples} examples "
        f"and {n} inputs only {found} are not separable"
    )


def nuts(
    task: Task,
    settings: GoldStandardSettings,
    exponent: float,
    start: Float[Array, " n"],
    rng_key: PRNGKeyArray,
) -> tuple[Path, float]:
    """NUTS of e^{-C}|F + δI|^k by BlackJAX, adapted once, and the seconds that it sampled."""
    key_warm_up, key_chains = jax.random.split(rng_key)

    def log_density(w: Float[Array, " n"]) -> Float[Array, ""]:
        params = logistic.position(w)
        implicit = prior.log_implicit_prior(task, params, settings.damping)
        return 2 * exponent * implicit - task.examples * mean_cost(task, params)

    warm_up = blackjax.window_adaptation(blackjax.nuts, log_density, is_mass_matrix_diagonal=False)
    (warm, tuned), _ = warm_up.run(key_warm_up, start, settings.nuts_warm_up)
    kernel = blackjax.nuts(log_density, **tuned)

    def chain(rng_key: PRNGKeyArray) -> Float[Array, "samples n"]:
        def body(state: Any, rng_key: PRNGKeyArray) -> tuple[Any, Array]:
            state, _ = kernel.step(rng_key, state)
            return state, state.position

        return jax.lax.scan(body, warm, jax.random.split(rng_key, settings.nuts_samples))[1]

    # One after the other: chains in lockstep would wait for the longest tree.
    return _timed(
        lambda keys: jax.lax.map(chain, keys), jax.random.split(key_chains, settings.chains)
    )


def iterates(
    algorithm: SamplingAlgorithm,
    starts: Params,
    burn_in: int,
    samples: int,
    rng_key: PRNGKeyArray,
    abreast: bool = True,
) -> tuple[Path, float]:
    """A sampler's iterates past its burn-in, and the seconds that these took.

    Args:
        algorithm: the sampler.
        starts: a position for each chain, along leading axes.
        burn_in: updates before the first sample.
        samples: updates sampled, every one.
        rng_key: of all chains.
        abreast: whether the chains take each update together, instead of one chain after another.
    """
    chains = len(jax.tree.leaves(starts)[0])
    keys = jax.random.split(rng_key, chains)
    parameters = flatten(starts).size // chains

    def keep(path: Array, update: Array, state: Any, info: object) -> Array:
        # Before the first sample the place is one that is not there.
        place = jnp.where(update < burn_in, samples, update - burn_in)
        return path.at[place].set(flatten(state.position), mode="drop")

    def go_on(
        keys: PRNGKeyArray, states: Any, paths: Array, first: Array, count: Array
    ) -> tuple[Any, Array]:
        def chain(given: tuple[PRNGKeyArray, Any, Array]) -> tuple[Any, Array]:
            rng_key, state, path = given
            return sampling.run(rng_key, algorithm, state, count, keep, path, first)

        each = jax.vmap(chain) if abreast else partial(jax.lax.map, chain)
        return each((keys, states, paths))

    state = programs.compiled(jax.vmap(algorithm.init), starts)(starts)
    path = jnp.zeros((chains, samples, parameters))
    at = jnp.array(0), jnp.array(burn_in), jnp.array(samples)
    run = programs.compiled(go_on, keys, state, path, *at[:2])
    state, path = jax.block_until_ready(run(keys, state, path, at[0], at[1]))
    started = time.perf_counter()
    _, path = jax.block_until_ready(run(keys, state, path, at[1], at[2]))
    return path, time.perf_counter() - started


def from_one(start: Float[Array, " n"], chains: int) -> Params:
    """The start of several chains of logistic regression, at the same weights."""
    return jax.vmap(logistic.position)(jnp.broadcast_to(start, (chains, len(start))))


def _timed(f: Callable[..., Path], *arguments: Any) -> tuple[Path, float]:
    """What f returns, and its seconds without those of its compilation."""
    compiled = jax.jit(f).lower(*arguments).compile()
    started = time.perf_counter()
    path = jax.block_until_ready(compiled(*arguments))
    return path, time.perf_counter() - started


def standardise(path: Path, gold: Path) -> np.ndarray:
    """Coordinates along the axes of the gold standard's covariance, in its standard deviations."""
    flat = np.asarray(gold, float).reshape(-1, gold.shape[-1])
    variances, axes = np.linalg.eigh(np.cov(flat, rowvar=False))
    return (np.asarray(path, float) - flat.mean(axis=0)) @ axes / np.sqrt(variances)


def distance(path: Path, gold: Path) -> float:
    """The 1-Wasserstein distance along each of `standardise`'s axes, their mean: in deviations."""
    n = gold.shape[-1]
    ours, theirs = (standardise(p, gold).reshape(-1, n) for p in (path, gold))
    return float(np.mean([wasserstein_distance(ours[:, i], theirs[:, i]) for i in range(n)]))


def effective(path: Path, gold: Path) -> float:
    """The effective sample size (BlackJAX's), of the axis where it is least."""
    return float(blackjax.ess(jnp.asarray(standardise(path, gold))).min())


def run(settings: GoldStandardSettings, root: int, progress: Progress) -> dict[str, pd.DataFrame]:
    """Every sampler against NUTS of every density, for n inputs and several training sets.

    Training sets whose classes are separable are passed over: a flat prior has no posterior there.

    Returns:
        Table `distances`: inputs, seed, sampler, exponent (k of NUTS's density), distance, that
        of "nuts" being between the halves of its chains; and table `speed`, which is
        measured and not the same at each run: inputs, seed, sampler, effective (samples), seconds.
    """
    distances, speed = [], []
    jobs = len(EXPONENTS) + len(SAMPLERS)
    with progress(len(settings.inputs) * settings.repeats * jobs) as advance:
        for n in settings.inputs:
            for seed, task in training_sets(settings, n, root):
                start = flatten(laplace.minimise(task, logistic.position(jnp.zeros(n))))
                where = {"inputs": n, "seed": seed}
                gold, paths = {}, {}
                for k in EXPONENTS:
                    rng_key = key(root, "figS3", "nuts", n=n, exponent=k, seed=seed)
                    path, seconds = nuts(task, settings, k, start, rng_key)
                    gold[k], paths[f"nuts, k = {k:g}"] = path, (path, seconds)
                    half = settings.chains // 2
                    apart = distance(path[:half], path[half:])
                    distances.append({**where, "sampler": "nuts", "exponent": k, "distance": apart})
                    advance(1)
                for name in SAMPLERS:
                    rng_key = key(root, "figS3", name, n=n, seed=seed)
                    algorithm, starts = (
                        build(name, settings, task),
                        from_one(start, settings.chains),
                    )
                    paths[name] = iterates(
                        algorithm, starts, settings.burn_in, settings.samples, rng_key
                    )
                    for k in EXPONENTS:
                        apart = distance(paths[name][0], gold[k])
                        row = {**where, "sampler": name, "exponent": k, "distance": apart}
                        distances.append(row)
                    advance(1)
                for name, (path, seconds) in paths.items():
                    row = {**where, "sampler": name, "effective": effective(path, gold[0.0])}
                    speed.append({**row, "seconds": seconds})
    return {"distances": pd.DataFrame(distances), "speed": pd.DataFrame(speed)}
