"""Settings of Fig. S2: Theorem 2's temperature."""

import itertools
from typing import Annotated, Self

from pydantic import model_validator

from artifact.settings.sweeps import require_batch
from artifact.settings.typed import (
    Count,
    Counts,
    NonNegative,
    Positive,
    Rates,
    Repeats,
    Settings,
    Temperature,
    number,
    setting,
)


class Theorem2Settings(Settings):
    """The temperature of stochastic NGD as N grows and ε falls; all ours."""

    inputs: Annotated[int, number(least=2, most=100, whole=True)] = setting("The number of inputs.")
    true_norm: NonNegative = setting("|ω_true|.")
    examples: Counts = setting("The training set sizes N.", unit="examples")
    learning_rates: Rates = setting("The learning rates ε.", unit="of the mean cost")
    temperature: Temperature = setting("T of Theorem 2.")
    burn_in: Positive = setting("Before the first sample.", unit="1/ε updates")
    samples: Positive = setting("Sampled, every update.", unit="1/ε updates")
    chains: Count = setting("Chains on a training set.")
    repeats: Repeats = setting("Training sets.")

    @model_validator(mode="after")
    def _temperature_has_batches(self) -> Self:
        for examples, rate in itertools.product(self.examples, self.learning_rates):
            require_batch("temperature", self.temperature, rate, examples, self.temperature)
        return self
