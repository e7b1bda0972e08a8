"""Fig. S2b: what a Fisher estimated from few sampled labels does to stochastic NGD.

(a) the temperature over that with the exact Fisher, with the theory to first order; (b) the shift
of the density, in standard deviations of the log determinant. Each estimate alone, and moving
averages. The band is what a claim calls negligible.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from artifact.drawing import curves, style


def draw(table: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """(a) temperature and (b) density against the exact Fisher's, as the labels grow in number.

    Args:
        table: see `artifact.figures.figS2b.estimated_fisher.run`.
        stamp: what the figure says of itself.
    """
    counted = f"{table['seed'].nunique()} training sets per point, bars: ± 1 standard error"
    estimated = table[table["labels"] > 0]
    with style.panels(stamp, counted, 4.0) as (figure, a, b):
        for number, smoothing in enumerate(sorted(estimated["smoothing"].unique())):
            rows = estimated[estimated["smoothing"] == smoothing]
            name = rf"average, $\alpha={smoothing:g}$" if smoothing else "each estimate alone"
            theory = rows.groupby("labels")["predicted"].mean()
            a.plot(
                theory.index,
                theory,
                color=style.COLOURS[number],
                linewidth=0.9,
                label="to first order" if number == 0 else None,
            )
            for axes, column in ((a, "ratio"), (b, "shift")):
                _points(axes, rows, column, name, number)
        for axes, same in ((a, 1.0), (b, 0.0)):
            axes.axhspan(same - 0.1, same + 0.1, color=style.GREY, alpha=0.15, linewidth=0)
            axes.axhline(same, color=style.GREY, linestyle=(0, (4, 3)), linewidth=0.9, zorder=0)
        a.set_title("      temperature; the band is ± 10%")
        b.set_title("      density; the band is ± 0.1")
        labels = "sampled labels $M$"
        curves.logarithmic(a.yaxis)
        curves.finish(a, labels, "temperature over the exact Fisher's")
        curves.finish(b, labels, r"shift of the mean of $\ln|F|$ (standard deviations)")
        for axes in (a, b):
            sizes = sorted(estimated["labels"].unique())
            axes.set_xticks(sizes, [f"{size}" for size in sizes])
            axes.xaxis.set_minor_locator(NullLocator())
        return figure


def _points(axes: Axes, rows: pd.DataFrame, column: str, label: str, number: int) -> None:
    """The means over training sets and their standard errors, without a line.

    Those whose chains diverged are left out of the mean, and a cross on the upper edge says so.
    """
    whole = np.isfinite(rows["ratio"])
    lost = rows.loc[~whole, "labels"].unique()
    by_labels = rows[whole].groupby("labels")[column]
    axes.errorbar(
        by_labels.mean().index,
        by_labels.mean(),
        by_labels.sem(),
        label=label,
        color=style.COLOURS[number],
        marker=style.MARKERS[number],
        linestyle="none",
        capsize=2,
    )
    if len(lost):
        curves.mark_lost(axes, "diverged", lost, every=False)
