"""Settings of Fig. S5: Fig. 5's posterior by other samplers."""

from typing import Annotated, ClassVar

from artifact.figures.fig5_6.settings_mlp import MLPPoint
from artifact.settings.images import ImagesSweep
from artifact.settings.sweeps import Axes
from artifact.settings.typed import Count, Settings, Truth, one_of, setting

SAMPLERS = ("hmc", "preconditioned_langevin", "langevin")


class PosteriorPoint(MLPPoint):
    """What a point depends on; burn-in and samples are counted in `steps` of the sampler each."""

    sampler: Annotated[str, one_of(*SAMPLERS)] = setting("What draws from e^{-C/T}.")
    steps: Count = setting(
        "Leapfrog steps of a trajectory; of another sampler, updates from a sample to the next."
    )
    again: Truth = setting("Whether chains start elsewhere than those of Fig. 5.")


class PosteriorSweep(PosteriorPoint, Axes, ImagesSweep):
    """A sampler whose noise is no minibatch's, on the MLP against T."""

    POINT: ClassVar[type[Settings]] = PosteriorPoint
