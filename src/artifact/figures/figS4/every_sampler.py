"""Fig. S4: every sampler of the library on section 6.1's posterior at T = 1, against NUTS."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from artifact.engine.keys import key
from artifact.engine.thinning import thinned
from artifact.figures.figS3 import gold_standard
from artifact.figures.figS4.common import FRICTION, Rows, injected
from artifact.figures.figS4.settings_every_sampler import EverySamplerSettings
from artifact.problems import logistic
from artifact.protocols import Kept, Progress, anew
from ngd import laplace, theorem_2
from ngd.diagnostics.measured import measured_temperature
from ngd.diagnostics.predicted import predicted_temperature
from ngd.diagnostics.terms import settings_of
from ngd.metrics.fisher import logistic_fisher
from ngd.metrics.kfac import kfac
from ngd.metrics.metric import Metric
from ngd.metrics.quasi_diagonal import quasi_diagonal
from ngd.samplers import (
    constant_sgd,
    iterate_averaging,
    langevin,
    mala,
    mandt,
    noisy_ngd,
    preconditioned_langevin,
    psgld,
    riemannian_langevin,
    riemannian_mala,
    riemannian_ngd,
    sgd,
    sgfs,
    sghmc,
    sgld,
    sgrld,
    stochastic_ngd,
)
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Params, Task, flatten

STEPS = (0.4, 0.2, 0.1, 0.05, 0.025, 0.0125, 0.00625, 0.003125)
"""Of ε times the largest eigenvalue of the preconditioned curvature, those to choose from."""
TOLERANCE = 0.05
"""How far from one the predicted temperature of a chosen ε may be."""
COST = 2
"""Gradients that a sample takes, in units of N: a full gradient, and the Fisher of all examples."""

Build = Callable[[float], SamplingAlgorithm]


class Candidate(NamedTuple):
    """A sampler, and how its ε is chosen.

    Attributes:
        build: the sampler at an ε.
        whole_metric: whether an update takes a metric of all examples, besides its gradient.
        scale: whose largest curvature is the unit of `steps`; None where they are ε themselves.
        steps: to choose from, the largest first.
    """

    build: Build
    whole_metric: bool
    scale: Build | None
    steps: Sequence[float]


def candidates(settings: EverySamplerSettings, task: Task, mode: Params) -> Mapping[str, Candidate]:
    """Every sampler that can have this posterior for a target, at T = 1."""
    delta, own, n = settings.damping, settings.batch_size, task.examples
    fisher = logistic_fisher(task)
    # Those without a noise of their own are at T = 1 by B = N/(1 + 2T/ε).
    cold = theorem_2.batch_size(settings.learning_rate, n, 1.0)

    def free(build: Build, *, whole_metric: bool = False, scale: Build | None = None) -> Candidate:
        return Candidate(build, whole_metric, scale or build, STEPS)

    def bound(build: Build, *, whole_metric: bool = False, scale: Build | None = None) -> Candidate:
        return Candidate(build, whole_metric, scale, (settings.learning_rate,))

    def plain(rate: float) -> SamplingAlgorithm:
        return langevin.build(task, learning_rate=rate)

    def eq8(rate: float) -> SamplingAlgorithm:
        return preconditioned_langevin.build(fisher, learning_rate=rate, damping=delta)

    def corrected(rate: float) -> SamplingAlgorithm:
        return riemannian_langevin.build(fisher, learning_rate=rate, damping=delta)

    def metropolis(simplified: bool) -> Build:
        return lambda rate: riemannian_mala.build(
            fisher, learning_rate=rate, damping=delta, simplified=simplified
        )

    def other_metric(metric: Callable[[Task, int], Metric]) -> Build:
        return lambda rate: preconditioned_langevin.build(
            metric(task, n), learning_rate=rate, damping=delta
        )

    def rms(correction: bool) -> Build:
        return lambda rate: psgld.build(
            task, learning_rate=rate, batch_size=own, correction=correction
        )

    def scoring(diagonal: bool) -> Build:
        kappa = injected(settings.learning_rate, n, own)
        return lambda _: sgfs.build(
            task, batch_size=own, injected=kappa, damping=delta, diagonal=diagonal
        )

    def constant(preconditioner: str) -> Build:
        return lambda _: constant_sgd.build(
            task, mode, preconditioner=preconditioner, batch_size=cold
        )

    def averaged(_: float) -> SamplingAlgorithm:
        every = constant_sgd.build(task, mode, preconditioner="full", batch_size=cold)
        return iterate_averaging.build(every, window=round(n / cold))

    return {
        "langevin": free(plain),
        "mala": free(lambda rate: mala.build(task, learning_rate=rate), scale=plain),
        "sgld": free(lambda rate: sgld.build(task, learning_rate=rate, batch_size=own)),
        "sghmc": free(
            lambda rate: sghmc.build(task, learning_rate=rate, friction=FRICTION, batch_size=own)
        ),
        "psgld": free(rms(False)),
        "psgld, corrected": free(rms(True)),
        "sgfs": bound(scoring(False)),
        "sgfs, diagonal": bound(scoring(True)),
        "sgrld": free(
            lambda rate: sgrld.build(fisher, learning_rate=rate, damping=delta, batch_size=own),
            whole_metric=True,
        ),
        "preconditioned_langevin": free(eq8, whole_metric=True),
        "quasi_diagonal": free(other_metric(quasi_diagonal), whole_metric=True),
        "kfac": free(other_metric(kfac), whole_metric=True),
        "riemannian_langevin": free(corrected, whole_metric=True),
        "riemannian_mala, simplified": free(metropolis(True), whole_metric=True, scale=corrected),
        "riemannian_mala": free(metropolis(False), whole_metric=True, scale=corrected),
        "noisy_ngd": free(
            lambda rate: noisy_ngd.build(fisher, learning_rate=rate, damping=delta, batch_size=own),
            whole_metric=True,
        ),
        "stochastic_ngd": bound(
            lambda rate: stochastic_ngd.build(
                fisher, learning_rate=rate, damping=delta, batch_size=cold
            ),
            whole_metric=True,
        ),
        "mandt": bound(
            lambda rate: mandt.build(task, learning_rate=rate, damping=delta, batch_size=cold),
            whole_metric=True,
        ),
        "riemannian_ngd": bound(
            lambda rate: riemannian_ngd.build(
                fisher, learning_rate=rate, damping=delta, batch_size=cold
            ),
            whole_metric=True,
        ),
        "sgd": bound(
            lambda rate: sgd.build(task, learning_rate=rate, batch_size=cold), scale=plain
        ),
        "constant_sgd, scalar": bound(constant("scalar")),
        "constant_sgd, diagonal": bound(constant("diagonal")),
        "constant_sgd, full": bound(constant("full")),
        "iterate_averaging": bound(averaged),
    }


def tuned(candidate: Candidate, mode: Params) -> tuple[float, SamplingAlgorithm, float]:
    """ε, the sampler at it, and its predicted temperature.

    Of the steps to choose from the first whose predicted temperature is within `TOLERANCE` of one;
    the last where none is. A Metropolis test makes the temperature one: of these the first.
    """
    largest = 1.0
    if candidate.scale is not None:
        largest = predicted_temperature(candidate.scale(1.0), mode).largest
    for step in candidate.steps:
        rate = step / largest
        sampler = candidate.build(rate)
        predicted = predicted_temperature(sampler, mode).temperature.value
        if abs(predicted - 1) <= TOLERANCE:
            break
    return rate, sampler, predicted


def spacing(candidate: Candidate, sampler: SamplingAlgorithm) -> int:
    """Updates from a sample to the next, so that each costs about `COST` N gradients."""
    told = settings_of(sampler)
    examples = told.task.examples
    gradients = told.window * (told.batch_size or examples) + examples * candidate.whole_metric
    return max(1, round(COST * examples / int(gradients)))


def run(
    settings: EverySamplerSettings, root: int, progress: Progress, kept: Kept = anew
) -> dict[str, pd.DataFrame]:
    """Every sampler against NUTS of the posterior, for n inputs and several training sets.

    Training sets whose classes are separable are passed over: they have no posterior. All samplers
    start at the mode. Each sample costs as many gradients as another sampler's.

    Returns:
        Table `distances`: inputs, repeat, seed, sampler, learning_rate, spacing (updates a sample),
        predicted and measured temperature, distance (`gold_standard.distance` from NUTS; that of
        "nuts" is between the halves of its chains; infinite where a chain left the finite
        numbers); and table `speed`, which is measured: inputs, repeat, sampler, effective
        (samples), gradients (in units of N), seconds.
    """
    distances, speed = [], []
    jobs = 1 + len(settings.samplers)
    with progress(len(settings.inputs) * settings.repeats * jobs) as advance:
        for n in settings.inputs:
            sets = gold_standard.training_sets(settings, n, root)
            for repeat, (seed, task) in enumerate(sets):
                mode = laplace.minimise(task, logistic.position(jnp.zeros(n)))
                gold = cache(partial(_nuts, settings, root, n, seed, task, mode))
                every = candidates(settings, task, mode)
                makers = {"nuts": lambda gold=gold: _of_nuts(*gold())} | {
                    name: partial(_one, name, every[name], settings, root, n, seed, mode, gold)
                    for name in settings.samplers
                }
                for name, make in makers.items():
                    told, timed = kept(f"n{n}_seed{seed}_{name}", make)
                    where = {"inputs": n, "repeat": repeat, "seed": seed}
                    distances.append({**where, "sampler": name, **told})
                    speed.append({**where, "sampler": name, **timed})
                    advance(1)
    return {"distances": pd.DataFrame(distances), "speed": pd.DataFrame(speed)}


def _nuts(
    settings: EverySamplerSettings, root: int, n: int, seed: int, task: Task, mode: Params
) -> tuple[gold_standard.Path, float]:
    rng_key = key(root, "figS4", "nuts", n=n, seed=seed)
    return gold_standard.nuts(task, settings, 0.0, flatten(mode), rng_key)


def _of_nuts(gold: gold_standard.Path, seconds: float) -> Rows:
    half = len(gold) // 2
    apart = gold_standard.distance(gold[:half], gold[half:])
    return {"distance": apart}, {
        "effective": gold_standard.effective(gold, gold),
        "seconds": seconds,
    }


def _one(
    name: str,
    candidate: Candidate,
    settings: EverySamplerSettings,
    root: int,
    n: int,
    seed: int,
    mode: Params,
    gold: Callable[[], tuple[gold_standard.Path, float]],
) -> Rows:
    rate, sampler, predicted = tuned(candidate, mode)
    updates = spacing(candidate, sampler)
    path, seconds = gold_standard.iterates(
        thinned(sampler, updates),
        gold_standard.from_one(flatten(mode), settings.chains),
        settings.burn_in,
        settings.samples,
        key(root, "figS4", name, n=n, seed=seed),
    )
    told = {
        "learning_rate": float(rate),
        "spacing": updates,
        "predicted": float(predicted),
        "measured": np.nan,
        "distance": np.inf,
    }
    timed = {
        "effective": 0.0,
        "gradients": float(COST * settings.chains * settings.samples),
        "seconds": seconds,
    }
    if np.isfinite(path).all():
        draws = jax.vmap(jax.vmap(logistic.position))(path)
        told["measured"] = measured_temperature(sampler, draws, prior_exponent=0.0).value
        told["distance"] = gold_standard.distance(path, gold()[0])
        timed["effective"] = gold_standard.effective(path, gold()[0])
    return told, timed
