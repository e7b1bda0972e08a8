"""Settings of Figs S1b and S1c: sweeps of samplers whose prior is chosen."""

from typing import Annotated, ClassVar

from artifact.figures.fig2_3_4.settings_logistic import LogisticPoint
from artifact.settings.sweeps import Axes, Exactness, Sweep
from artifact.settings.typed import Settings, number, one_of, setting


class RiemannianPoint(LogisticPoint):
    """What a point depends on: that of a logistic sweep, and the prior."""

    prior_exponent: Annotated[float, number(least=-10, most=10)] = setting(
        "k of the density e^{-C/T}|F + δI|^k that is sampled."
    )


class CovariancePoint(RiemannianPoint):
    """And what the covariance of Langevin's noise is."""

    noise: Annotated[str, one_of("metric", "covariance")] = setting(
        "The covariance of the noise: F + δI, or eq. (14)'s.", default="metric"
    )


class RiemannianSweep(CovariancePoint, Axes, Sweep):
    """Langevin's noise: Fig. S1b."""

    POINT: ClassVar[type[Settings]] = CovariancePoint


class RiemannianNGDSweep(RiemannianPoint, Axes, Exactness, Sweep):
    """Minibatches' noise: Fig. S1c."""

    POINT: ClassVar[type[Settings]] = RiemannianPoint
