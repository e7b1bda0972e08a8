"""Settings of Fig. S2b: the error of an estimated Fisher."""

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from artifact.settings.sweeps import require_batch
from artifact.settings.typed import (
    BrokenRuleError,
    Count,
    Counts,
    Fraction,
    NonNegative,
    Positive,
    Rate,
    Settings,
    Temperature,
    distinct,
    number,
    setting,
)


class EstimatedFisherSettings(Settings):
    """Stochastic NGD with a Fisher of M sampled labels, against the exact one; all ours."""

    inputs: Annotated[int, number(least=2, most=100, whole=True)] = setting("The number of inputs.")
    examples: Count = setting("The training set size N.", unit="examples")
    true_norm: NonNegative = setting("|ω_true|.")
    labels: Counts = setting(
        "M, the examples of an estimate, with one sampled label each.", unit="examples"
    )
    smoothings: Annotated[list[Fraction], AfterValidator(distinct)] = setting(
        "α of the moving average of estimates; 0 for none."
    )
    learning_rate: Rate = setting("ε.", unit="of the mean cost")
    temperature: Temperature = setting("T of Theorem 2.")
    burn_in: Positive = setting("Before the first sample.", unit="1/ε updates")
    samples: Positive = setting("Sampled, every update.", unit="1/ε updates")
    chains: Count = setting("Chains on a training set.")
    repeats: Annotated[int, number(least=2, most=10**4, whole=True)] = setting("Training sets.")

    @model_validator(mode="after")
    def _estimates_can_be_inverted_and_batches_are(self) -> Self:
        if min(self.labels) <= self.inputs or max(self.labels) > self.examples:
            rule = f"each be > inputs = {self.inputs} and <= examples = {self.examples}"
            raise BrokenRuleError("labels", self.labels, rule)
        t = self.temperature
        require_batch("temperature", t, self.learning_rate, self.examples, t)
        return self
