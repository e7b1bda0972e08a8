"""What experiments and the machinery that runs them agree on; it imports neither."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from jaxtyping import Array, Int

from artifact.settings.sweeps import Point
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Params, Task

Advance = Callable[[int], object]
Progress = Callable[[int], AbstractContextManager[Advance]]
"""`with progress(total) as advance`, then `advance(done)` as often as work is done."""
Kept = Callable[[str, Callable[[], Any]], Any]
"""`kept(name, make)`: what `make()` gives, a JSON value, or gave before the job was killed."""


def anew(name: str, make: Callable[[], Any]) -> Any:
    """A `Kept` that keeps nothing."""
    return make()


class Examples(NamedTuple):
    """Inputs and labels."""

    x: Array
    y: Int[Array, " n"]


class Experiment(NamedTuple):
    """What the sweeps differ in.

    Attributes:
        task: the model on a training set.
        algorithm: the sampler on a task, at a point. Where several points run together, their
            T and B are arrays, of which it sees one.
        train: the training set of a seed.
        position: where the chain of a seed starts.
        test: where the ensemble of a seed is scored; of one shape for all seeds.
        labels: K.
        probe: how many test inputs tell, after each update, whether the model answers the same to
            all; 0 where it can't come to that.
    """

    task: Callable[[Examples], Task]
    algorithm: Callable[[Task, Point], SamplingAlgorithm]
    train: Callable[[int], Examples]
    position: Callable[[int], Params]
    test: Callable[[int], Examples]
    labels: int
    probe: int = 0


class Checkpoints(Protocol):
    """Where a long job keeps how far it is."""

    def restore(self, like: Callable[[int], Any]) -> tuple[int, Any, Any] | None:
        """(step, state, record) of the newest that was kept, or None; `like` a state of a step."""

    def save(self, step: int, state: Any, record: Any) -> None:
        """Keep a state and a JSON record, if the last is not of just now."""
