"""Fig. 4: the implicit prior, and where the optimum lies with more damping.

(a) the log of the prior that NGD implies, along random directions, for several dampings δ: it
falls with the norm of the parameters, and less with more damping. (b) Fig. 3b with δ = 0.01,
where the paper has the minimum near T = 2.
"""

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import curves, style


def draw(prior: pd.DataFrame, table: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels.

    Args:
        prior: damping, norm, mean, standard_error, repeats (nats).
        table: a sweep's table, see `artifact.records.tables.summarise`.
        stamp: what the figure says of itself.
    """
    with style.panels(stamp, style.repeats(prior, table)) as (figure, a, b):
        for number, (damping, rows) in enumerate(prior.groupby("damping")):
            a.errorbar(
                rows["norm"],
                rows["mean"],
                rows["standard_error"],
                label=rf"$\delta={damping:g}$",
                color=style.COLOURS[number],
                marker=style.MARKERS[number],
                linestyle=style.LINES[number],
                capsize=2,
            )
        a.set_xlabel(r"norm of the parameters $|\omega|$")
        a.set_ylabel(r"log prior $\ln|F+\delta I|\,/\,2$, 0 at $|\omega|=0$ (nats)")
        curves.legend(a)
        curves.pair(b, table, "cross_entropy", "temperature")
        curves.predicted(b, 1.0, "$T=1$")
        b.axvline(
            2.0, color=style.PURPLE, linestyle=":", linewidth=0.9, label="the paper, $T\\sim2$"
        )
        curves.cross_entropy_axis(b, table)
        curves.finish(b, curves.TEMPERATURE, curves.CROSS_ENTROPY)
        return figure
