"""Fig. 6: the MLP's cross entropy against B for two larger training sets.

(a) the smaller and (b) the larger training set. The paper has the minimum at B = εN/2, the
vertical line, so that the best batch grows with N; and it is flatter in (b).
"""

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import curves, style


def draw(table: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels, the smaller training set first.

    Args:
        table: a sweep's table of two N, see `artifact.records.tables.summarise`.
        stamp: what the figure says of itself.
    """
    with style.panels(stamp, style.repeats(table)) as (figure, a, b):
        for axes, (examples, rows) in zip((a, b), table.groupby("N"), strict=True):
            best = rows["learning_rate"].iloc[0] * examples / 2
            curves.pair(axes, rows, "cross_entropy", "batch_size")
            curves.predicted(axes, best, rf"predicted, $\epsilon N/2={best:g}$")
            curves.focus(axes, rows)
            axes.set_title(f"$N={examples}$")
            curves.finish(axes, curves.BATCH, curves.CROSS_ENTROPY)
            curves.batch_axis(axes, sorted(rows["batch_size"].unique()))
        return figure
