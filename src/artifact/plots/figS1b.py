"""Fig. S1b: where the optimal temperature lies for each prior, and on which training sets."""

import pandas as pd
from matplotlib.figure import Figure

from artifact.plots import style, sweep
from artifact.tables import summarise

LABELS = (("eq8", "eq. (8), $k=1$"), ("jeffreys", "Jeffreys, $k=1/2$"), ("flat", "flat, $k=0$"))


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
    metric = "ensemble_cross_entropy"
    counted = style.repeats(eq8, jeffreys, flat, eq8_damped, jeffreys_damped, flat_damped)
    with style.panels(stamp, counted, 4.6) as (figure, a, b):
        for axes, tables, title in (
            (a, {"eq8": eq8, "jeffreys": jeffreys, "flat": flat}, r"$\delta$ as in Fig. 2"),
            (
                b,
                {"eq8": eq8_damped, "jeffreys": jeffreys_damped, "flat": flat_damped},
                r"$\delta$ as in Fig. 4b",
            ),
        ):
            for number, (name, label) in enumerate(LABELS):
                sweep.curve(
                    axes, tables[name], metric, "temperature", label, number, mark_optimum=True
                )
            axes.set_title(title)
        labelled = runs.merge(separable, on=["N", "seed"])
        count = int(separable["separable"].sum())
        for number, (kind, rows) in enumerate(labelled.groupby("separable")):
            name = "separable" if kind else "not separable"
            of = f"{count if kind else len(separable) - count} {name} sets, eq. (8)"
            sweep.curve(a, summarise(rows), metric, "temperature", of, 4 + number, style.GREY)
        everything = pd.concat([eq8, jeffreys, flat, eq8_damped, jeffreys_damped, flat_damped])
        for axes in (a, b):
            sweep.predicted(axes, 1.0, "$T=1$")
            sweep.cross_entropy_axis(axes, everything[everything["metric"] == metric])
            sweep.finish(axes, sweep.TEMPERATURE, sweep.CROSS_ENTROPY)
        return figure
