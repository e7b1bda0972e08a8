"""Settings of Figs 2, 3 and 4: logistic regression with many inputs."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from artifact.settings.sweeps import Axes, Counted, Exactness, Sweep
from artifact.settings.typed import (
    Count,
    Counts,
    NonNegative,
    Positive,
    Positives,
    Repeats,
    Settings,
    distinct,
    number,
    setting,
)


class LogisticPoint(Counted):
    """What a point of a logistic sweep depends on."""

    inputs: Count = setting("The number n of inputs.", section="6.1")
    true_norm: NonNegative = setting("|ω_true|, along the first axis.", section="6.1")
    damping: Positive = setting("The Fisher damping δ.", section="6.1, 6.2")
    test_examples: Count = setting(
        "Simulated test examples, the same for every chain.", unit="examples", section="open"
    )


class LangevinSweep(LogisticPoint, Axes, Sweep):
    """Preconditioned Langevin dynamics against T: Fig. 2."""

    POINT: ClassVar[type[Settings]] = LogisticPoint


class NGDSweep(LogisticPoint, Axes, Exactness, Sweep):
    """Stochastic NGD against T: Figs 3 and 4b."""

    POINT: ClassVar[type[Settings]] = LogisticPoint


class PriorSettings(Settings):
    """The implicit prior along one direction: Fig. 4a."""

    inputs: Count = setting("The number n of inputs.", section="6.2")
    examples: Count = setting("Training inputs N that the prior is of.", section="6.2")
    dampings: Positives = setting("The Fisher dampings δ.", section="6.2, values open")
    norms: Annotated[list[NonNegative], AfterValidator(distinct)] = setting(
        "The norms |ω|.", section="6.2, values open"
    )
    repeats: Repeats = setting("Independent draws of the inputs.", section="open")


class IsotropySettings(Settings):
    """The implicit prior along many directions: section 6.2."""

    inputs: Count = setting("The number n of inputs.", section="6.2")
    examples: Counts = setting("Training set sizes N.", section="6.2, values open")
    damping: Positive = setting("The Fisher damping δ.", section="6.1")
    norm: Positive = setting("The norm |ω| of all directions.", section="6.2, value open")
    directions: Annotated[int, number(least=2, most=10**4, whole=True)] = setting(
        "Random directions.", section="open"
    )
    repeats: Repeats = setting("Independent draws of inputs and directions.", section="open")
