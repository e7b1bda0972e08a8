"""Fig. 2: preconditioned Langevin dynamics on logistic regression, against T."""

import pandas as pd
from matplotlib.figure import Figure

from artifact.plots import style, sweep


def draw(table: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels.

    Args:
        table: a sweep's table, see `artifact.tables.summarise`.
        stamp: what the figure says of itself.
    """
    with style.panels(stamp, style.repeats(table)) as (figure, a, b):
        for axes, kind, label in (
            (a, "accuracy", sweep.ACCURACY),
            (b, "cross_entropy", sweep.CROSS_ENTROPY),
        ):
            sweep.pair(axes, table, kind, "temperature")
            sweep.predicted(axes, 1.0, "predicted, $T=1$")
            if kind == "cross_entropy":
                sweep.cross_entropy_axis(axes, table)
            sweep.finish(axes, sweep.TEMPERATURE, label)
        return figure
