"""Settings of Fig. S6: Fig. 5's sweep with another metric, and on a larger network."""

from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from artifact.figures.fig5_6.settings_mlp import MLPPoint
from artifact.settings.images import ImagesSweep
from artifact.settings.sweeps import Axes, Exactness
from artifact.settings.typed import BrokenRuleError, Settings, one_of, setting

PIXELS = 28 * 28


class ScaledPoint(MLPPoint):
    """What a point depends on."""

    inputs: Annotated[str, one_of("projection", "pixels")] = setting(
        "What the network sees of an image: its random projection, or its pixels as they are."
    )
    metric: Annotated[str, one_of("fisher", "kfac")] = setting(
        "What preconditions the gradient: the Fisher of sampled labels, or K-FAC of as many.",
        section="2",
    )

    @model_validator(mode="after")
    def _pixels_are_not_projected(self) -> Self:
        if self.inputs == "pixels" and self.projected_inputs != PIXELS:
            raise BrokenRuleError(
                "projected_inputs", self.projected_inputs, f"be {PIXELS} with inputs = pixels"
            )
        return self


class ScaledSweep(ScaledPoint, Axes, Exactness, ImagesSweep):
    """Stochastic NGD against T, preconditioned by a metric, on an MLP of any size."""

    POINT: ClassVar[type[Settings]] = ScaledPoint
