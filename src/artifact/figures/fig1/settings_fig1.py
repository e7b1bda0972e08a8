"""Settings of Fig. 1."""

from typing import Annotated, Self

from pydantic import model_validator

from artifact.settings.sweeps import require_batch
from artifact.settings.typed import (
    Count,
    NonNegative,
    Positive,
    Rate,
    Repeats,
    Settings,
    Temperature,
    number,
    setting,
)


class IteratesSettings(Settings):
    """Two samplers' iterates on logistic regression with two inputs, section 6.1."""

    inputs: Annotated[int, number(least=2, most=2, whole=True)] = setting(
        "The number n of inputs; what is drawn is a plane.", section="6.1"
    )
    examples: Count = setting("The training set size N.", unit="examples", section="6.1")
    true_norm: NonNegative = setting("|ω_true|, along the first axis.", section="6.1")
    learning_rate: Rate = setting("ε.", unit="of the mean cost", section="6.1")
    damping: Positive = setting("The Fisher damping δ.", section="6.1")
    temperature: Temperature = setting("T; NGD's batch is B = εN/(2T).", section="6.1")
    burn_in: Count = setting("Updates before the first sample.", unit="updates", section="6.1")
    samples: Annotated[int, number(least=2, most=10**7, whole=True)] = setting(
        "Updates sampled, every one.", unit="updates", section="6.1"
    )
    repeats: Repeats = setting("Independent data sets.", section="open")

    @model_validator(mode="after")
    def _temperature_has_a_batch(self) -> Self:
        t = self.temperature
        require_batch("temperature", t, self.learning_rate, self.examples, t, exact=False)
        return self
