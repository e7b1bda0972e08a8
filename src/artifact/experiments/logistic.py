"""Logistic regression on simulated data, section 6.1: what Figs 1 to 4 share."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from artifact.experiments.chains import Examples, Experiment
from artifact.keys import key
from artifact.sweep import Point, Settings
from ngd.models.logistic import Logistic
from ngd.samplers import SamplingAlgorithm
from ngd.task import Params, Task

MODEL = Logistic()


def inputs(root: int, settings: Settings, examples: int, **coordinates: int) -> Float[Array, "n d"]:
    """Inputs from the n-dimensional unit Gaussian, n = settings["inputs"]."""
    n = settings["inputs"]
    drawn = key(root, "logistic", "inputs", n=n, examples=examples, **coordinates)
    return jax.random.normal(drawn, (examples, n))


def simulate(root: int, settings: Settings, examples: int, **coordinates: int) -> Examples:
    """Inputs, and labels from Bernoulli at ω_true = (true_norm, 0, ..., 0).

    Args:
        root: the root seed.
        settings: with inputs (n) and true_norm (|ω_true|).
        examples: how many.
        coordinates: the seed of a training set; none for the test set.
    """
    norm = settings["true_norm"]
    x = inputs(root, settings, examples, **coordinates)
    drawn = key(
        root,
        "logistic",
        "labels",
        n=settings["inputs"],
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
    settings: Settings,
    examples: int,
    root: int,
    algorithm: Callable[[Task, Point], SamplingAlgorithm],
    together: bool = False,
) -> Experiment:
    """Chains from ω = 0; see `Experiment` for `algorithm` and `together`."""
    return Experiment(
        task=task,
        algorithm=algorithm,
        train=lambda seed: simulate(root, settings, examples, seed=seed),
        position=lambda seed: position(jnp.zeros(settings["inputs"])),
        test=simulate(root, settings, settings["test_examples"]),
        labels=2,
        together=together,
    )
