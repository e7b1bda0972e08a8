"""Settings of Fig. S1d: one model in two parameterisations."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from artifact.settings.typed import (
    BrokenRuleError,
    Count,
    Counts,
    Positive,
    Rates,
    Settings,
    Temperature,
    distinct,
    number,
    one_of,
    setting,
)


class TwoParameterisationsSettings(Settings):
    """Samplers of a model in two parameterisations, towards ε -> 0; all ours."""

    problems: Annotated[
        list[Annotated[str, one_of("coin", "die", "logistic")]], AfterValidator(distinct)
    ] = setting("The models.")
    examples: Count = setting("The training set size N, a multiple of 10.", unit="examples")
    true_norm: Positive = setting("|ω_true| of the logistic regression.")
    learning_rates: Annotated[Rates, Field(min_length=3)] = setting(
        "The learning rates ε of Langevin's noise; at least three, to extrapolate to 0.",
        unit="of the mean cost",
    )
    batch_sizes: Annotated[Counts, Field(min_length=3)] = setting(
        "The batch sizes B of minibatches' noise, ε = 2T/(N/B - 1); at least three.",
        unit="examples",
    )
    temperature: Temperature = setting("T.")
    burn_in: Positive = setting("Before the first sample.", unit="1/ε updates")
    spacing: Positive = setting("Between samples.", unit="1/ε updates")
    samples: Count = setting("Samples a chain.")
    chains: Count = setting("Chains a repeat.")
    repeats: Annotated[int, number(least=2, most=10**4, whole=True)] = setting(
        "Repeats, of independent noise on the same training sets."
    )

    @model_validator(mode="after")
    def _labels_are_whole_and_batches_leave_some(self) -> Self:
        if self.examples % 10:
            raise BrokenRuleError("examples", self.examples, "be a multiple of 10")
        if max(self.batch_sizes) >= self.examples:
            rule = f"each be < examples = {self.examples}"
            raise BrokenRuleError("batch_sizes", self.batch_sizes, rule)
        return self
