"""Fig. S1b: where the optimal temperature lies for each prior, and on which training sets.

(a) the damping of Fig. 2, (b) of Fig. 4b: the ensemble's test cross entropy of eq. (8) and of
Langevin samplers of the Jeffreys and of a flat prior. In grey eq. (8) on training sets that are
linearly separable, and on the others. Rings mark each curve's minimum.
"""

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import curves, style
from artifact.figures.figS1bc import prior_panels
from artifact.records.tables import summarise


def draw(
    eq8: pd.DataFrame,
    jeffreys: pd.DataFrame,
    flat: pd.DataFrame,
    eq8_damped: pd.DataFrame,
    jeffreys_damped: pd.DataFrame,
    flat_damped: pd.DataFrame,
    runs: pd.DataFrame,
    separable: pd.DataFrame,
    stamp: style.Stamp,
) -> Figure:
    """Both panels: the damping of Figs 2 and 4b.

    Args:
        eq8: the sweep's table of Fig. 2, see `artifact.records.tables.summarise`.
        jeffreys: of the sampler with the Jeffreys prior.
        flat: of the one with a flat prior.
        eq8_damped: the three with the damping of Fig. 4b.
        jeffreys_damped: likewise.
        flat_damped: likewise.
        runs: Fig. 2's repeats.
        separable: N, seed, separable.
        stamp: what the figure says of itself.
    """
    tables = [eq8, jeffreys, flat, eq8_damped, jeffreys_damped, flat_damped]
    with style.panels(stamp, style.repeats(*tables), 4.6) as (figure, a, b):
        prior_panels.three_priors(a, r"$\delta$ as in Fig. 2", eq8, jeffreys, flat, "eq. (8)")
        prior_panels.three_priors(
            b, r"$\delta$ as in Fig. 4b", eq8_damped, jeffreys_damped, flat_damped, "eq. (8)"
        )
        labelled = runs.merge(separable, on=["N", "seed"])
        count = int(separable["separable"].sum())
        for number, (kind, rows) in enumerate(labelled.groupby("separable")):
            name = "separable" if kind else "not separable"
            of = f"{count if kind else len(separable) - count} {name} sets, eq. (8)"
            summary = summarise(rows)
            curves.curve(a, summary, prior_panels.METRIC, "temperature", of, 4 + number, style.GREY)
        for axes in (a, b):
            prior_panels.finish(axes, tables)
        return figure
