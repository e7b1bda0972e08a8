"""Settings of Figs 5 and 6: the multilayer perceptron."""

from typing import ClassVar

from artifact.settings.images import ImagesPoint, ImagesSweep
from artifact.settings.sweeps import Axes, Counted, Exactness
from artifact.settings.typed import Count, Settings, setting


class MLPPoint(ImagesPoint, Counted):
    """What a point of the MLP's sweeps depends on."""

    hidden: Count = setting("Hidden units.", section="6.3")
    projected_inputs: Count = setting(
        "Features that the random projection keeps of the 784 pixels.", section="6.3"
    )


class MLPSweep(MLPPoint, Axes, Exactness, ImagesSweep):
    """Stochastic NGD and the MLP against B: Figs 5 and 6."""

    POINT: ClassVar[type[Settings]] = MLPPoint
