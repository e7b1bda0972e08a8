"""Settings of Fig. 7: the convolutional network, and the SGD run that its chains start from."""

from typing import ClassVar

from artifact.settings.images import ImagesPoint, ImagesSweep
from artifact.settings.sweeps import Axes, Exactness, Lasting
from artifact.settings.typed import (
    Count,
    Fraction,
    NonNegative,
    Positive,
    Settings,
    setting,
)


class CNNPoint(ImagesPoint, Lasting):
    """What a point of the CNN's sweeps depends on."""

    channels: Count = setting("Output channels of each convolution.", section="6.4")
    smoothing_base: Fraction = setting("0.95 of α = 0.95^(ε/0.001).", section="6.4")
    smoothing_unit: Positive = setting("0.001 of α = 0.95^(ε/0.001).", section="6.4")


class Panels(Settings):
    """The two panels of Fig. 7."""

    a: Axes = setting("Several ε at one N.", section="6.4, ε open")
    b: Axes = setting("Several N at one ε.", section="6.4, N open")


class CNNSweep(CNNPoint, Exactness, ImagesSweep):
    """Stochastic NGD and the CNN against T, in two panels: Fig. 7."""

    POINT: ClassVar[type[Settings]] = CNNPoint

    panels: Panels = setting("The grids of N and ε, one a panel.")

    def grids(self) -> list[Axes]:
        """One a panel."""
        return [self.panels.a, self.panels.b]


class WarmStart(Settings):
    """The SGD run on all training images at whose end the chains start."""

    channels: Count = setting("Output channels of each convolution.", section="6.4")
    regularisation: NonNegative = setting("λN, as the chains have it.", section="6.4")
    learning_rate: Positive = setting("SGD's learning rate.", section="open")
    momentum: Fraction = setting("SGD's momentum.", section="open")
    batch_size: Count = setting("SGD's batch size.", unit="examples", section="open")
    epochs: Count = setting("How often SGD sees each image.", section="open")
