"""Settings of Fig. S3: the samplers beside NUTS."""

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from artifact.settings.sweeps import require_batch
from artifact.settings.typed import (
    Count,
    NonNegative,
    Positive,
    Rate,
    Repeats,
    Settings,
    distinct,
    number,
    setting,
)


class GoldStandardSettings(Settings):
    """The samplers at T = 1, and long runs of NUTS; all ours."""

    inputs: Annotated[
        list[Annotated[int, number(least=2, most=1000, whole=True)]], AfterValidator(distinct)
    ] = setting("The numbers n of inputs: that of Fig. 1, that of Figs 2 to 4.")
    examples: Count = setting("The training set size N.", unit="examples")
    true_norm: NonNegative = setting("|ω_true|, along the first axis.")
    learning_rate: Rate = setting("ε.", unit="of the mean cost")
    damping: Positive = setting("The Fisher damping δ.")
    burn_in: Count = setting("Updates before the first sample.", unit="updates")
    samples: Annotated[int, number(least=10, most=10**7, whole=True)] = setting(
        "Updates sampled.", unit="updates"
    )
    chains: Annotated[int, number(least=2, most=1000, whole=True)] = setting("Chains of each.")
    nuts_warm_up: Annotated[int, number(least=20, most=10**6, whole=True)] = setting(
        "Steps in which NUTS adapts.", unit="steps"
    )
    nuts_samples: Annotated[int, number(least=10, most=10**6, whole=True)] = setting(
        "Samples of a chain of NUTS.", unit="steps"
    )
    repeats: Repeats = setting("Training sets.")

    @model_validator(mode="after")
    def _has_a_batch(self) -> Self:
        require_batch("examples", self.examples, self.learning_rate, self.examples, 1.0)
        return self
