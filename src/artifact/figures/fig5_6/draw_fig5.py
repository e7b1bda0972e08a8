"""Fig. 5: the MLP's accuracy and cross entropy against B.

(a) accuracy and (b) cross entropy on the test set, of the ensemble and of a single sample; T
falls as B rises. The paper has the ensemble's best at B = εN/2, the vertical line, where T = 1. A
curve ends where it leaves the panel; crosses mark batch sizes at which all or some of the chains
diverged.
"""

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import curves, style


def draw(table: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels.

    Args:
        table: a sweep's table, see `artifact.records.tables.summarise`.
        stamp: what the figure says of itself.
    """
    best = table["learning_rate"].iloc[0] * table["N"].iloc[0] / 2
    with style.panels(stamp, style.repeats(table)) as (figure, a, b):
        for axes, kind, label in (
            (a, "accuracy", curves.ACCURACY),
            (b, "cross_entropy", curves.CROSS_ENTROPY),
        ):
            curves.pair(axes, table, kind, "batch_size")
            curves.predicted(axes, best, rf"predicted, $\epsilon N/2={best:g}$")
            if kind == "cross_entropy":
                curves.focus(axes, table)
            curves.finish(axes, curves.BATCH, label)
            curves.batch_axis(axes, sorted(table["batch_size"].unique()))
        return figure
