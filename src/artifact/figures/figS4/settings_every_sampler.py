"""Settings of Fig. S4: every sampler beside NUTS."""

from typing import Self

from pydantic import model_validator

from artifact.figures.figS3.settings_gold_standard import GoldStandardSettings
from artifact.settings.typed import BrokenRuleError, Count, setting


class EverySamplerSettings(GoldStandardSettings):
    """The samplers at T = 1. ε is that of samplers whose temperature follows from ε and B."""

    batch_size: Count = setting(
        "B of the samplers that have a noise of their own besides.", unit="examples"
    )

    @model_validator(mode="after")
    def _the_batch_is_smaller(self) -> Self:
        if self.batch_size >= self.examples:
            raise BrokenRuleError(
                "batch_size", self.batch_size, f"be < {self.examples}, the examples"
            )
        return self
