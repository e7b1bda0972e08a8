"""Fig. S2: the temperature of stochastic NGD over Theorem 2's, against ε and against N.

(a) a well-specified model as ε falls, beside what a finite step adds; (b) the smallest ε as N
grows, for a well-specified and a misspecified model, beside what the gradients' covariance
predicts. At 1 the theorem is exact. Bars are one standard error.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artifact.drawing import curves, style


def draw(table: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Panel (a): a well-specified model as ε falls. Panel (b): as N grows, and misspecified.

    Args:
        table: see `artifact.figures.figS2.theorem_2.run`.
        stamp: what the figure says of itself.
    """
    table = table.assign(ratio=table["measured"] / table["predicted"])
    counted = f"{table['seed'].nunique()} training sets per point, bars: ± 1 standard error"
    with style.panels(stamp, counted, 4.0) as (figure, a, b):
        well = table[table["model"] == "well_specified"]
        for number, (examples, rows) in enumerate(well.groupby("N")):
            _points(a, rows, "learning_rate", "ratio", f"$N={examples}$", number)
        rates = np.geomspace(well["learning_rate"].min(), well["learning_rate"].max(), 50)
        a.plot(
            rates,
            1 / (1 - rates / 2),
            color=style.GREY,
            linewidth=0.9,
            label=r"$1/(1-\epsilon/2)$: a finite step",
        )
        a.set_title("well-specified")
        smallest = table["learning_rate"].min()
        fine = table[table["learning_rate"] == smallest]
        for number, (model, rows) in enumerate(fine.groupby("model")):
            name = str(model).replace("_", "-")
            _points(b, rows, "N", "ratio", f"{name}: measured", 2 * number)
            _points(b, rows, "N", "noise_ratio", rf"{name}: tr$(F^{{-1}}\Sigma)/P$", 2 * number + 1)
        b.set_title(rf"$\epsilon={smallest:g}$")
        for axes, label in ((a, r"learning rate $\epsilon$"), (b, "training set size $N$")):
            axes.axhline(1, color=style.GREY, linestyle=(0, (4, 3)), linewidth=0.9, zorder=0)
            curves.finish(axes, label, "temperature over Theorem 2's")
        for axes, values in ((a, well["learning_rate"]), (b, fine["N"])):
            ticks = sorted(values.unique())
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
        return figure


def _points(axes: Axes, rows: pd.DataFrame, x: str, y: str, label: str, number: int) -> None:
    """The means of a column and their standard errors."""
    by_x = rows.groupby(x)[y]
    axes.errorbar(
        by_x.mean().index,
        by_x.mean(),
        by_x.sem(),
        label=label,
        color=style.COLOURS[number],
        marker=style.MARKERS[number],
        linestyle=style.LINES[number],
        capsize=2,
    )
