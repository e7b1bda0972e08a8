"""The points of a figure: which N, ε, T and B it visits, and what they are called."""

import itertools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ngd import temperature as theorem_2

Settings = Mapping[str, Any]


class Point(NamedTuple):
    """One point of a sweep.

    Attributes:
        examples: N.
        learning_rate: ε.
        temperature: T as asked for; the batch size comes as near to it as it can.
        batch_size: B, or 0 where the gradient is of the whole training set.
    """

    examples: int
    learning_rate: float
    temperature: float
    batch_size: int


def jobs(settings: Settings, together: bool = False) -> dict[str, list[Point]]:
    """The points of a figure by the job that runs them, which is named as its files are.

    Args:
        settings: the figure's.
        together: whether one job runs all temperatures of an N and ε; else a point is a job.
    """
    found: dict[str, list[Point]] = {}
    for point in points(settings):
        name = f"N{point.examples}_eps{point.learning_rate:g}"
        if not together:
            name += f"_T{point.temperature:g}"
        found.setdefault(name, []).append(point)
    return found


def panels(settings: Settings) -> list[Settings]:
    """The panels of Fig. 7, or the one sweep of any other figure: each an N x ε grid."""
    return list(settings["panels"].values()) if "panels" in settings else [settings]


def points(settings: Settings) -> list[Point]:
    """All points of a figure, in order, those which two panels share once.

    Raises:
        ValueError: no batch size in 1..N has one of the temperatures.
    """
    grids = [
        itertools.product(panel["examples"], panel["learning_rates"], settings["temperatures"])
        for panel in panels(settings)
    ]
    coordinates = sorted(set(itertools.chain.from_iterable(grids)))
    return [Point(n, eps, t, _batch_size(settings, n, eps, t)) for n, eps, t in coordinates]


def _batch_size(settings: Settings, examples: int, rate: float, temperature: float) -> int:
    if "exact_temperature" not in settings:
        return 0
    exact = settings["exact_temperature"]
    return theorem_2.batch_size(rate, examples, temperature, exact)


def updates(settings: Settings, learning_rate: float) -> tuple[int, int]:
    """How many updates burn in and how many are sampled.

    Fig. 7 gives both as parts of 850/ε updates (section 6.4), the others as numbers.
    """
    if "duration" not in settings:
        return settings["burn_in"], settings["samples"]
    total = math.ceil(settings["duration"] / learning_rate)
    samples = round(settings["sampled_fraction"] * total)
    return total - samples, samples


def panel(settings: Settings, letter: str) -> Settings:
    """The settings of one panel of Fig. 7, as of a figure of its own."""
    rest = {key: value for key, value in settings.items() if key != "panels"}
    return {**rest, **settings["panels"][letter]}


def variant(settings: Settings, name: str) -> Settings:
    """The settings of one reading of the text, as of a figure of its own."""
    rest = {key: value for key, value in settings.items() if key != "variants"}
    return {**rest, **settings["variants"][name]}


def of_point(settings: Settings) -> Settings:
    """What a single point depends on: the settings without the grid it lies on."""
    grid = ("examples", "learning_rates", "temperatures", "exact_temperature", "panels")
    return {key: value for key, value in settings.items() if key not in grid}
