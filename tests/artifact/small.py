"""Settings small enough for a test, and what experiments are given besides."""

import functools
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np

from artifact import catalogue
from artifact.problems.mnist import Images
from artifact.settings import layers
from artifact.settings.sweeps import Point

ROOT = Path(__file__).parents[2]


@functools.cache
def config(scale="smoke"):
    """All settings of a scale."""
    return layers.load(ROOT / "config", catalogue.Config, {"scale": scale})


def settings(key, **changes):
    """A group of the smoke settings, some of them changed; checked like any."""
    group = getattr(config(), key)
    return type(group).model_validate({**group.model_dump(), **changes})


def of_point(sweep):
    """What a point of a sweep depends on, as a job is given it."""
    return type(sweep).POINT.model_validate(sweep.of_point())


def point(examples, learning_rate, temperature, batch_size=0):
    """A point, by what it visits."""
    return Point(examples, learning_rate, temperature, batch_size)


@contextmanager
def silent(total):
    """Progress that nobody sees."""
    yield lambda done: None


class Nowhere:
    """Checkpoints that are not kept."""

    def restore(self, like):
        return None

    def save(self, step, state, record):
        return None


def noisy_images(train=60, test=12, seed=0):
    """Grey noise that passes for MNIST: each digit darkens one corner."""
    rng = np.random.default_rng(seed)

    def some(count):
        y = np.arange(count) % 10
        x = rng.integers(0, 200, (count, 28, 28))
        x[np.arange(count), y, y] = 255
        return x.astype(np.uint8), y.astype(np.uint8)

    return Images(*some(train), *some(test), "noise")


def fold(key, *numbers):
    """A key folded by hand."""
    for number in numbers:
        key = jax.random.fold_in(key, number)
    return key
