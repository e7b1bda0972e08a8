"""Fig. S1b: where the optimal temperature lies for each prior, and on which training sets."""

import pandas as pd
from matplotlib.figure import Figure

from artifact.plots import priors, style, sweep
from artifact.tables import summarise


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
        eq8: the sweep's table of Fig. 2, see `artifact.tables.summarise`.
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
        priors.curves(a, r"$\delta$ as in Fig. 2", eq8, jeffreys, flat, "eq. (8)")
        priors.curves(
            b, r"$\delta$ as in Fig. 4b", eq8_damped, jeffreys_damped, flat_damped, "eq. (8)"
        )
        labelled = runs.merge(separable, on=["N", "seed"])
        count = int(separable["separable"].sum())
        for number, (kind, rows) in enumerate(labelled.groupby("separable")):
            name = "separable" if kind else "not separable"
            of = f"{count if kind else len(separable) - count} {name} sets, eq. (8)"
            summary = summarise(rows)
            sweep.curve(a, summary, priors.METRIC, "temperature", of, 4 + number, style.GREY)
        for axes in (a, b):
            priors.finish(axes, tables)
        return figure
