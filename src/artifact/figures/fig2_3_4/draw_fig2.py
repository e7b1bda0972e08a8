"""Fig. 2: preconditioned Langevin dynamics on logistic regression, against T.

(a) accuracy and (b) cross entropy on the test set, of the ensemble and of a single sample. Means
over repeats, each with a training set of its own; bars are one standard error. The paper has the
ensemble's least cross entropy at T = 1, the vertical line.
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
    with style.panels(stamp, style.repeats(table)) as (figure, a, b):
        for axes, kind, label in (
            (a, "accuracy", curves.ACCURACY),
            (b, "cross_entropy", curves.CROSS_ENTROPY),
        ):
            curves.pair(axes, table, kind, "temperature")
            curves.predicted(axes, 1.0, "predicted, $T=1$")
            if kind == "cross_entropy":
                curves.cross_entropy_axis(axes, table)
            curves.finish(axes, curves.TEMPERATURE, label)
        return figure
