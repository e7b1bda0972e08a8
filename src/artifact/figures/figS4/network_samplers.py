"""Figs S4b and S4c: the samplers of the library on a network at T = 1, against HMC.

Weights of a network can be permuted, so what is compared is its predictions.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from artifact.engine import programs
from artifact.engine.keys import key
from artifact.engine.thinning import thinned
from artifact.figures.fig5_6 import mlp
from artifact.figures.figS3.gold_standard import Path, iterates
from artifact.figures.figS4.common import FRICTION, Rows, injected
from artifact.figures.figS4.settings_network_samplers import BesideHMC, NetworkSamplersSettings
from artifact.figures.figS5.posterior import hamiltonian
from artifact.problems.mnist import Images
from artifact.protocols import Examples, Kept, Progress, anew
from ngd import theorem_2
from ngd.diagnostics.measured import convergence, measured_temperature
from ngd.diagnostics.terms import first_rate, settings_of
from ngd.metrics.fisher import sampled_fisher
from ngd.metrics.kfac import kfac
from ngd.metrics.metric import Metric
from ngd.metrics.quasi_diagonal import quasi_diagonal
from ngd.models.mlp import MLP
from ngd.samplers import (
    langevin,
    mala,
    mandt,
    noisy_ngd,
    preconditioned_langevin,
    psgld,
    sgd,
    sgfs,
    sghmc,
    sgld,
    stochastic_ngd,
)
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Params, Task, mean_cost

SGD_BATCH = 4
"""B of SGD, whose ε follows from it: T = 1 is ε = 2/(N/B - 1), which must be below 2/curvature."""
MIXED = 1.1
"""R̂ of HMC's chains above which they are no gold standard, and no distance from them is told."""
WARM_UP = 200
"""Updates of eq. (8) before HMC, whose steps are too long for where chains start."""
PROBES = 20
"""Test images whose label's log probability tells, beside the cost, how a chain mixes."""


class Entry(NamedTuple):
    """A sampler.

    Attributes:
        build: it, on a task.
        whole_metric: whether an update takes a metric of all examples, besides its gradient.
    """

    build: Callable[[Task], SamplingAlgorithm]
    whole_metric: bool = False


def entries(settings: BesideHMC) -> Mapping[str, Entry]:
    """Every sampler that the network can have at T = 1, by its name."""
    rate, plain, n = settings.learning_rate, settings.plain_learning_rate, settings.examples
    delta, own = settings.damping, settings.batch_size
    # Those without a noise of their own are at T = 1 by B = N/(1 + 2T/ε).
    cold = theorem_2.batch_size(rate, n, 1.0)

    def fisher(task: Task) -> Metric:
        return sampled_fisher(task, settings.fisher_examples)

    def eq8(metric: Callable[[Task], Metric]) -> Entry:
        return Entry(
            lambda task: preconditioned_langevin.build(
                metric(task), learning_rate=rate, damping=delta
            ),
            whole_metric=True,
        )

    def ngd(metric: Callable[[Task], Metric]) -> Entry:
        return Entry(
            lambda task: stochastic_ngd.build(
                metric(task), learning_rate=rate, damping=delta, batch_size=cold
            ),
            whole_metric=True,
        )

    def scoring(diagonal: bool) -> Entry:
        kappa = injected(rate, n, own)
        return Entry(
            lambda task: sgfs.build(
                task, batch_size=own, injected=kappa, damping=delta, diagonal=diagonal
            )
        )

    return {
        "langevin": Entry(lambda task: langevin.build(task, learning_rate=plain)),
        "mala": Entry(lambda task: mala.build(task, learning_rate=plain)),
        "sgld": Entry(lambda task: sgld.build(task, learning_rate=plain, batch_size=own)),
        "sghmc": Entry(
            lambda task: sghmc.build(task, learning_rate=plain, friction=FRICTION, batch_size=own)
        ),
        "psgld": Entry(lambda task: psgld.build(task, learning_rate=plain, batch_size=own)),
        "sgd": Entry(
            lambda task: sgd.build(
                task, learning_rate=2 / (n / SGD_BATCH - 1), batch_size=SGD_BATCH
            )
        ),
        "preconditioned_langevin": eq8(fisher),
        "quasi_diagonal": eq8(lambda task: quasi_diagonal(task, n)),
        "kfac": eq8(lambda task: kfac(task, n)),
        "noisy_ngd": Entry(
            lambda task: noisy_ngd.build(
                fisher(task), learning_rate=rate, damping=delta, batch_size=own
            ),
            whole_metric=True,
        ),
        "sgfs, diagonal": scoring(True),
        "sgfs": scoring(False),
        "mandt": Entry(
            lambda task: mandt.build(task, learning_rate=rate, damping=delta, batch_size=cold),
            whole_metric=True,
        ),
        "stochastic_ngd": ngd(fisher),
        "stochastic_ngd, kfac": ngd(lambda task: kfac(task, n)),
    }


def spacing(settings: BesideHMC, entry: Entry, sampler: SamplingAlgorithm) -> int:
    """Updates from a sample to the next, so that each costs about `gradients` of N examples."""
    n = settings.examples
    size = settings_of(sampler).batch_size
    paid = (n if size is None else int(size)) + n * entry.whole_metric
    return max(1, round(settings.gradients * n / paid))


class Told(NamedTuple):
    """What chains say in function space.

    Attributes:
        predictives: of each chain its samples' mean probability of each label, of each test image.
        traces: of each sample the cost and `PROBES` log probabilities of test labels.
    """

    predictives: Float[Array, "chains test K"]
    traces: Float[Array, "chains samples traces"]


def told(path: Path, task: Task, test: Examples, unravel: Callable[[Array], Params]) -> Told:
    """Of the iterates of chains."""
    probes = test.y[:PROBES]

    def chain(draws: Float[Array, "samples P"]) -> tuple[Array, Array]:
        def body(total: Array, flat: Float[Array, " P"]) -> tuple[Array, Array]:
            params = unravel(flat)
            logs = jax.nn.log_softmax(task.logits(params, test.x))
            labels = logs[jnp.arange(len(probes)), probes]
            cost = task.examples * mean_cost(task, params)
            return total + jnp.exp(logs), jnp.concatenate([cost[None], labels])

        zero = jnp.zeros_like(task.logits(unravel(draws[0]), test.x))
        total, traces = jax.lax.scan(body, zero, draws)
        return total / len(draws), traces

    return Told(*programs.compiled(partial(jax.lax.map, chain), path)(path))


def total_variation(ours: Float[Array, "test K"], theirs: Float[Array, "test K"]) -> float:
    """Half the sum over labels of the difference of probabilities, its mean over images."""
    return float(jnp.abs(ours - theirs).sum(axis=1).mean() / 2)


def cross_entropy(predictive: Float[Array, "test K"], test: Examples) -> float:
    """Of the ensemble, in nats."""
    return float(-jnp.log(predictive[jnp.arange(len(test.y)), test.y]).mean())


def run(
    settings: NetworkSamplersSettings,
    root: int,
    progress: Progress,
    images: Images,
    kept: Kept = anew,
) -> dict[str, pd.DataFrame]:
    """On section 6.3's network, whose training sets have each their projection."""
    return beside_hmc(
        "figS4b", settings, root, progress, partial(_problem, settings, root, images), kept
    )


class Problem(NamedTuple):
    """A training set's posterior.

    Attributes:
        seed: of the training set.
        task: the posterior.
        test: on which predictions are compared.
        starts: of the chains, stacked.
        unravel: parameters from a vector.
        abreast: whether the chains take each update together.
    """

    seed: int
    task: Task
    test: Examples
    starts: Params
    unravel: Callable[[Array], Params]
    abreast: bool = True


def beside_hmc(
    figure: str,
    settings: BesideHMC,
    root: int,
    progress: Progress,
    problems: Callable[[int], Problem],
    kept: Kept,
) -> dict[str, pd.DataFrame]:
    """Every sampler against HMC, on several training sets.

    Each sample costs as many gradients as another sampler's, but for HMC's.

    Args:
        figure: a coordinate of the chains' keys.
        settings: what is run.
        root: the root seed.
        progress: tells of each sampler that is finished.
        problems: of a training set's seed.
        kept: where finished samplers are.

    Returns:
        Table `distances`: repeat, sampler, learning_rate, batch_size (0: none), spacing (updates a
        sample), measured (temperature), distance (`total_variation` from HMC's predictions, that of
        "hmc" being between the halves of its chains), cross_entropy (of the ensemble, on the test
        set), rhat (the largest of `Told.traces`, infinite where one stands still, as of dead
        networks); distance, cross_entropy and rhat are infinite
        where a chain left the finite numbers, and no distance of a training set is told where HMC's
        rhat is above `MIXED`. And table `speed`, which is measured: repeat,
        sampler, effective (samples, of the trace that has least), gradients (in units of N),
        seconds.
    """
    distances, speed = [], []
    every = entries(settings)
    with progress(settings.repeats * (1 + len(settings.samplers))) as advance:
        for seed in range(settings.repeats):
            problem = problems(seed)
            gold = cache(partial(_hmc, figure, settings, root, problem))
            makers = {"hmc": partial(_of_hmc, settings, problem, gold)}
            for name in settings.samplers:
                makers[name] = partial(
                    _one, figure, name, every[name], settings, root, problem, gold
                )
            for name, make in makers.items():
                row, timed = kept(f"seed{seed}_{name}", make)
                distances.append({"repeat": seed, "sampler": name, **row})
                speed.append({"repeat": seed, "sampler": name, **timed})
                advance(1)
    return {"distances": pd.DataFrame(distances), "speed": pd.DataFrame(speed)}


def _problem(settings: NetworkSamplersSettings, root: int, images: Images, seed: int) -> Problem:
    fig5 = mlp.experiment(settings, settings.examples, root, images)
    model, train = MLP(settings.hidden), fig5.train(seed)
    starts, unravel = initial("figS4b", settings, root, seed, model, train)
    return Problem(seed, fig5.task(train), fig5.test(seed), starts, unravel)


def initial(
    figure: str, settings: BesideHMC, root: int, seed: int, model: nn.Module, train: Examples
) -> tuple[Params, Callable[[Array], Params]]:
    """A start of its own for each chain, as the model has it, and parameters from a vector."""
    each = [
        model.init(key(root, figure, "start", seed=seed, chain=chain), train.x[:1])
        for chain in range(settings.chains)
    ]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *each), ravel_pytree(each[0])[1]


class Found(NamedTuple):
    """Chains of a sampler.

    Attributes:
        told: what they say; None where one left the finite numbers.
        effective: samples, of the trace that has least; none where told is None, or a trace stands
            still.
        rhat: the largest of the traces; infinite where told is None, or a trace stands still.
        measured: their temperature by the virial theorem.
        seconds: of all samples.
    """

    told: Told | None
    effective: float
    rhat: float
    measured: float
    seconds: float

    @property
    def mixed(self) -> bool:
        """Whether they are a gold standard."""
        return self.rhat <= MIXED


def _found(
    sampler: SamplingAlgorithm,
    judged: SamplingAlgorithm,
    problem: Problem,
    burn_in: int,
    samples: int,
    rng_key: PRNGKeyArray,
) -> Found:
    path, seconds = iterates(sampler, problem.starts, burn_in, samples, rng_key, problem.abreast)
    if not np.isfinite(path).all():
        return Found(None, 0.0, np.inf, np.nan, seconds)
    draws = jax.vmap(jax.vmap(problem.unravel))(path)
    measured = measured_temperature(judged, draws, prior_exponent=0.0).value
    said = told(path, problem.task, problem.test, problem.unravel)
    effective, rhat = convergence(said.traces)
    if not np.isfinite(rhat):
        # Of dead networks, which answer the same to every image, nothing varies.
        effective, rhat = 0.0, np.inf
    return Found(said, effective, rhat, measured, seconds)


def _hmc(figure: str, settings: BesideHMC, root: int, problem: Problem) -> Found:
    rate = settings.hmc_learning_rate
    near = entries(settings)["preconditioned_langevin"].build(problem.task)
    warm_up = key(root, figure, "warm-up", seed=problem.seed)
    path, _ = iterates(near, problem.starts, WARM_UP - 1, 1, warm_up, problem.abreast)
    return _found(
        hamiltonian(problem.task, rate, 1.0, settings.hmc_steps),
        langevin.build(problem.task, learning_rate=rate),  # of which the cost alone counts
        problem._replace(starts=jax.vmap(problem.unravel)(path[:, 0])),
        settings.hmc_burn_in,
        settings.hmc_samples,
        key(root, figure, "hmc", seed=problem.seed),
    )


def _rows(found: Found, apart: Callable[[Array], float], test: Examples, paid: float) -> Rows:
    """With the distance that `apart` tells of the chains' predictives."""
    row = {
        "measured": found.measured,
        "distance": np.inf,
        "cross_entropy": np.inf,
        "rhat": found.rhat,
    }
    if found.told is not None:
        predictives = found.told.predictives
        row["distance"] = apart(predictives)
        row["cross_entropy"] = cross_entropy(predictives.mean(axis=0), test)
    return row, {"effective": found.effective, "gradients": paid, "seconds": found.seconds}


def _of_hmc(settings: BesideHMC, problem: Problem, gold: Callable[[], Found]) -> Rows:
    def halves(predictives: Array) -> float:
        if not gold().mixed:
            return np.nan
        half = len(predictives) // 2
        return total_variation(predictives[:half].mean(axis=0), predictives[half:].mean(axis=0))

    paid = float(settings.hmc_steps * settings.chains * settings.hmc_samples)
    row, timed = _rows(gold(), halves, problem.test, paid)
    about = {"learning_rate": settings.hmc_learning_rate, "batch_size": 0, "spacing": 1}
    return {**about, **row}, timed


def _one(
    figure: str,
    name: str,
    entry: Entry,
    settings: BesideHMC,
    root: int,
    problem: Problem,
    gold: Callable[[], Found],
) -> Rows:
    sampler = entry.build(problem.task)
    known = settings_of(sampler)
    updates = spacing(settings, entry, sampler)
    found = _found(
        thinned(sampler, updates),
        sampler,
        problem,
        settings.burn_in,
        settings.samples,
        key(root, figure, name, seed=problem.seed),
    )

    def from_gold(predictives: Array) -> float:
        theirs = gold().told
        if theirs is None or not gold().mixed:
            return np.nan
        return total_variation(predictives.mean(axis=0), theirs.predictives.mean(axis=0))

    paid = float(settings.gradients * settings.chains * settings.samples)
    row, timed = _rows(found, from_gold, problem.test, paid)
    about = {
        "learning_rate": first_rate(known),
        "batch_size": int(known.batch_size or 0),
        "spacing": updates,
    }
    return {**about, **row}, timed
