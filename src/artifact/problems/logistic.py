"""Logistic regression on simulated data, section 6.1: what Figs 1 to 4 share."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from artifact.engine.keys import key
from artifact.figures.fig2_3_4.settings_logistic import LogisticPoint
from artifact.protocols import Examples, Experiment
from artifact.settings.sweeps import Point
from ngd.models.logistic import Logistic
from ngd.samplers import SamplingAlgorithm
from ngd.task import Params, Task

MODEL = Logistic()


def inputs(root: int, n: int, examples: int, **coordinates: int) -> Float[Array, "N n"]:
    """N = `examples` inputs from the n-dimensional unit Gaussian."""
    drawn = key(root, "logistic", "inputs", n=n, examples=examples, **coordinates)
    return jax.random.normal(drawn, (examples, n))


def simulate(root: int, n: int, norm: float, examples: int, **coordinates: int) -> Examples:
    """Inputs, and labels from Bernoulli at ω_true = (norm, 0, ..., 0).

    Args:
        root: the root seed.
        n: the number of inputs.
        norm: |ω_true|.
        examples: how many.
        coordinates: the seed of a training set; none for the test set.
    """
    x = inputs(root, n, examples, **coordinates)
    drawn = key(
        root,
        "logistic",
        "labels",
        n=n,
        examples=examples,
        norm=norm,
        **coordinates,
    )
    y = jax.random.bernoulli(drawn, jax.nn.sigmoid(norm * x[:, 0]))
    return Examples(x, y.astype(jnp.int32))


def task(train: Examples) -> Task:
    """Logistic regression without a regulariser."""
    return Task(MODEL.apply, train.x, train.y)


def position(weights: Float[Array, " n"]) -> Params:
    """The model's parameters at given weights."""
    return {"params": {"weights": weights}}


def experiment(
    settings: LogisticPoint,
    examples: int,
    root: int,
    algorithm: Callable[[Task, Point], SamplingAlgorithm],
) -> Experiment:
    """Chains from ω = 0; see `Experiment` for `algorithm`."""
    n, norm = settings.inputs, settings.true_norm
    test = simulate(root, n, norm, settings.test_examples)
    return Experiment(
        task=task,
        algorithm=algorithm,
        train=lambda seed: simulate(root, n, norm, examples, seed=seed),
        position=lambda seed: position(jnp.zeros(n)),
        test=lambda seed: test,
        labels=2,
    )
