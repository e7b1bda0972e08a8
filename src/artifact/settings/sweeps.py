"""The points of a sweep: which N, ε, T and B it visits, by which jobs, and what they are called."""

import itertools
import math
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import model_validator

from artifact.settings.typed import (
    BrokenRuleError,
    Count,
    Counts,
    Positive,
    Rates,
    Repeats,
    Settings,
    Temperatures,
    Truth,
    number,
    setting,
)
from ngd import theorem_2

MOST_UPDATES = 10**8
"""Of one chain; more is a slip of the pen."""


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


class Job(NamedTuple):
    """What one job of a sweep runs: each of its points with each of its seeds."""

    points: list[Point]
    seeds: range


def require_batch(
    key: str, value: Any, rate: float, examples: int, temperature: float, exact: bool = True
) -> None:
    """Refuse a setting with which no batch size has the temperature.

    Raises:
        BrokenRuleError: naming `key` and its `value`.
    """
    try:
        theorem_2.batch_size(rate, examples, temperature, exact)
    except ValueError as error:
        raise BrokenRuleError(key, value, f"have a batch; {error}") from None


class Counted(Settings):
    """How long a chain is, as numbers of updates."""

    burn_in: Count = setting("Updates before the first sample.", unit="updates", section="6.1, 6.3")
    samples: Count = setting("Updates sampled, every one.", unit="updates", section="6.1, 6.3")

    def updates(self, learning_rate: float) -> tuple[int, int]:
        """How many updates burn in and how many are sampled."""
        return self.burn_in, self.samples


class Lasting(Settings):
    """How long a chain is, as a time that each ε divides: section 6.4."""

    duration: Positive = setting("Updates of a chain times ε.", unit="updates x ε", section="6.4")
    sampled_fraction: Annotated[float, number(above=0, most=1)] = setting(
        "The part of the updates, the last, that is sampled.", section="6.4"
    )

    def updates(self, learning_rate: float) -> tuple[int, int]:
        """How many updates burn in and how many are sampled, of duration/ε rounded up."""
        total = math.ceil(self.duration / learning_rate)
        samples = round(self.sampled_fraction * total)
        return total - samples, samples


class Axes(Settings):
    """The N and ε of a grid."""

    examples: Counts = setting("The training set sizes N.", unit="examples")
    learning_rates: Rates = setting("The learning rates ε.", unit="of the mean cost")


class Sweep(Settings):
    """A grid of N, ε and T, with repeats. What a point depends on besides stands in `POINT`."""

    POINT: ClassVar[type[Settings]]

    temperatures: Temperatures = setting("The temperatures T.", unit="1 is the posterior's")
    repeats: Repeats = setting("Independent chains a point, each a seed of its own.")
    seeds_per_job: Count = setting(
        "Seeds that one job runs; more than one where a start of JAX costs more than a chain."
    )

    def grids(self) -> list[Axes]:
        """The N x ε grids: one, or one a panel."""
        return [self]  # type: ignore[list-item]

    def _batch_size(self, examples: int, learning_rate: float, temperature: float) -> int:
        if not hasattr(self, "exact_temperature"):
            return 0
        return theorem_2.batch_size(learning_rate, examples, temperature, self.exact_temperature)

    def points(self) -> list[Point]:
        """All points, in order, those which two panels share once.

        Raises:
            ValueError: no batch size in 1..N has one of the temperatures.
        """
        corners = {
            corner
            for grid in self.grids()
            for corner in itertools.product(grid.examples, grid.learning_rates, self.temperatures)
        }
        return [Point(n, eps, t, self._batch_size(n, eps, t)) for n, eps, t in sorted(corners)]

    def jobs(self, together: bool = False) -> dict[str, Job]:
        """Its jobs by name, as their files are called.

        Args:
            together: whether one job runs all temperatures of an N and ε; else one point.
        """
        named: dict[str, list[Point]] = {}
        for point in self.points():
            named.setdefault(_name(point, together), []).append(point)
        blocks = [
            range(first, min(first + self.seeds_per_job, self.repeats))
            for first in range(0, self.repeats, self.seeds_per_job)
        ]
        return {
            f"{name}_{_seeds(block)}": Job(points, block)
            for name, points in named.items()
            for block in blocks
        }

    def of_point(self) -> dict[str, Any]:
        """What a single point depends on: the settings without the grid it lies on."""
        return {name: getattr(self, name) for name in self.POINT.model_fields}

    @model_validator(mode="after")
    def _points_are_apart(self) -> Self:
        try:
            points = self.points()
        except ValueError as error:
            raise BrokenRuleError(
                "temperatures", self.temperatures, f"each have a batch; {error}"
            ) from None
        seen: dict[Any, Point] = {}
        for point in points:
            marks: list[Any] = [_name(point, together=False)]
            if point.batch_size:
                marks.append((point.examples, point.learning_rate, point.batch_size))
            for mark in marks:
                if mark in seen:
                    other = seen[mark]
                    raise BrokenRuleError(
                        "temperatures" if other[:2] == point[:2] else "learning_rates",
                        [other.temperature, point.temperature]
                        if other[:2] == point[:2]
                        else [other.learning_rate, point.learning_rate],
                        f"be apart: at N = {point.examples} both are {mark}"
                        if isinstance(mark, str)
                        else f"be apart: at N = {point.examples} both have B = {mark[2]}",
                    )
                seen[mark] = point
        for rate in {point.learning_rate for point in points}:
            self._long_enough(rate)
        return self

    def _long_enough(self, rate: float) -> None:
        timed: Any = self
        burn_in, samples = timed.updates(rate)
        if samples < 1:
            raise BrokenRuleError(
                "sampled_fraction",
                timed.sampled_fraction,
                f"leave at least one update of {timed.duration:g}/ε to sample at ε = {rate:g}",
            )
        if burn_in + samples > MOST_UPDATES:
            raise BrokenRuleError(
                "duration" if hasattr(self, "duration") else "samples",
                getattr(self, "duration", None) or timed.samples,
                f"make at most {MOST_UPDATES:.0e} updates a chain at ε = {rate:g}",
            )


class Exactness(Settings):
    """Which relation of T and B a sweep of minibatches takes."""

    exact_temperature: Truth = setting(
        "Whether B follows from T = (ε/2)(N/B - 1), or from T = εN/(2B).", section="5"
    )


def corner(point: Point) -> str:
    """How the names of all jobs of its N and ε begin."""
    return f"N{point.examples}_eps{point.learning_rate:g}"


def _name(point: Point, together: bool) -> str:
    return corner(point) if together else f"{corner(point)}_T{point.temperature:g}"


def _seeds(block: range) -> str:
    return f"seed{block[0]}" + (f"-{block[-1]}" if len(block) > 1 else "")
