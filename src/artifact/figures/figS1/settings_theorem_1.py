"""Settings of Fig. S1: Theorem 1 against quadrature."""

from typing import Annotated

from pydantic import Field

from artifact.settings.typed import (
    Count,
    NonNegative,
    Positive,
    Positives,
    Rates,
    Settings,
    Temperatures,
    number,
    setting,
)


class Theorem1Settings(Settings):
    """Samplers in one and two dimensions, whose density can be integrated; all ours."""

    examples: Count = setting("The training set size N.", unit="examples")
    true_norm: NonNegative = setting("|ω_true|.")
    dampings: Positives = setting("The dampings δ.")
    learning_rates: Annotated[Rates, Field(min_length=3)] = setting(
        "The learning rates ε; at least three, to extrapolate to 0."
    )
    temperatures: Temperatures = setting("The temperatures T.")
    burn_in: Positive = setting("Before the first sample.", unit="1/ε updates")
    spacing: Positive = setting("Between samples.", unit="1/ε updates")
    samples: Count = setting("Samples a chain.")
    chains: Annotated[int, number(least=2, most=10**6, whole=True)] = setting("Chains.")
