"""Settings of Fig. S4: every sampler beside NUTS."""

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from artifact.figures.figS3.settings_gold_standard import GoldStandardSettings
from artifact.settings.typed import BrokenRuleError, Count, distinct, number, one_of, setting

SAMPLERS = (
    "langevin",
    "mala",
    "sgld",
    "sghmc",
    "psgld",
    "psgld, corrected",
    "sgfs",
    "sgfs, diagonal",
    "sgrld",
    "preconditioned_langevin",
    "quasi_diagonal",
    "kfac",
    "riemannian_langevin",
    "riemannian_mala, simplified",
    "riemannian_mala",
    "noisy_ngd",
    "stochastic_ngd",
    "mandt",
    "riemannian_ngd",
    "sgd",
    "constant_sgd, scalar",
    "constant_sgd, diagonal",
    "constant_sgd, full",
    "iterate_averaging",
)
"""By their names in `ngd`; quasi_diagonal and kfac are preconditioned_langevin with that metric."""


class EverySamplerSettings(GoldStandardSettings):
    """The samplers at T = 1. ε is that of samplers whose temperature follows from ε and B."""

    burn_in: Count = setting(
        "Samples before the first that counts.", unit="samples of 2N gradients"
    )
    samples: Annotated[int, number(least=10, most=10**7, whole=True)] = setting(
        "Samples of a chain.", unit="samples of 2N gradients"
    )
    batch_size: Count = setting(
        "B of the samplers that have a noise of their own besides.", unit="examples"
    )

    samplers: Annotated[list[Annotated[str, one_of(*SAMPLERS)]], AfterValidator(distinct)] = (
        setting(
            "The samplers, by their names in `ngd`; quasi_diagonal and kfac are metrics of "
            "preconditioned_langevin.",
            default=list(SAMPLERS),
        )
    )

    @model_validator(mode="after")
    def _the_batch_is_in_bounds(self) -> Self:
        require_own_batch(self.batch_size, self.examples, self.learning_rate)
        return self


def require_own_batch(batch_size: int, examples: int, learning_rate: float) -> None:
    """Refuse a B without noise of minibatches, or with which SGFS has no step.

    Raises:
        BrokenRuleError: naming the key batch_size.
    """
    if batch_size >= examples:
        raise BrokenRuleError("batch_size", batch_size, f"be < {examples}, the examples")
    least = learning_rate * examples / 2
    if batch_size < least:
        rule = f"be >= {least:g}, εN/2: SGFS has no ε below"
        raise BrokenRuleError("batch_size", batch_size, rule)
