"""Fig. S1c: where the optimal temperature lies for each prior, the noise being of minibatches.

(a) the damping of Fig. 3, (b) of Fig. 4b: as Fig. S1b, the noise being that of minibatches. One
more curve in (a) has the Jeffreys prior with Gaussian noise of the minibatches' covariance.
"""

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import curves, style
from artifact.figures.figS1bc import prior_panels


def draw(
    eq16: pd.DataFrame,
    jeffreys: pd.DataFrame,
    flat: pd.DataFrame,
    eq16_damped: pd.DataFrame,
    jeffreys_damped: pd.DataFrame,
    flat_damped: pd.DataFrame,
    gaussian: pd.DataFrame,
    stamp: style.Stamp,
) -> Figure:
    """Both panels: the damping of Figs 3 and 4b.

    Args:
        eq16: the sweep's table of Fig. 3, see `artifact.records.tables.summarise`.
        jeffreys: of the sampler with the Jeffreys prior.
        flat: of the one with a flat prior.
        eq16_damped: the sweep's table of Fig. 4b.
        jeffreys_damped: as `jeffreys`, with its damping.
        flat_damped: likewise.
        gaussian: as `jeffreys`, with Gaussian noise of the minibatches' covariance.
        stamp: what the figure says of itself.
    """
    tables = [eq16, jeffreys, flat, eq16_damped, jeffreys_damped, flat_damped, gaussian]
    with style.panels(stamp, style.repeats(*tables), 4.6) as (figure, a, b):
        prior_panels.three_priors(a, r"$\delta$ as in Fig. 3", eq16, jeffreys, flat, "eq. (16)")
        label = f"Jeffreys, Gaussian noise, {prior_panels.sets(gaussian)}"
        curves.curve(a, gaussian, prior_panels.METRIC, "temperature", label, 3, mark_optimum=True)
        prior_panels.three_priors(
            b,
            r"$\delta$ as in Fig. 4b",
            eq16_damped,
            jeffreys_damped,
            flat_damped,
            "eq. (16)",
        )
        for axes in (a, b):
            prior_panels.finish(axes, tables)
        return figure
