"""Fig. 7: the CNN's cross entropy against T, by learning rate and by training set size.

(a) one N and several learning rates ε, (b) one ε and several N. The paper has curves of different
ε coincide at equal T, and rise from T = 1 on; and more examples help. Rings mark each curve's
minimum, crosses chains that diverged or died.
"""

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import curves, style


def draw(panel_a: pd.DataFrame, panel_b: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels.

    Args:
        panel_a: a sweep's table of one N and several ε, see `artifact.records.tables.summarise`.
        panel_b: of one ε and several N.
        stamp: what the figure says of itself.
    """
    with style.panels(stamp, style.repeats(panel_a, panel_b), 4.0) as (figure, a, b):
        for axes, table, column, symbol, fixed in (
            (a, panel_a, "learning_rate", r"\epsilon", f"$N={panel_a['N'].iloc[0]}$"),
            (b, panel_b, "N", "N", rf"$\epsilon={panel_b['learning_rate'].iloc[0]:g}$"),
        ):
            metric = "ensemble_cross_entropy"
            ensemble = table[table["metric"] == metric]
            for number, (value, rows) in enumerate(ensemble.groupby(column)):
                label = f"${symbol}={value:g}$"
                curves.curve(axes, rows, metric, "temperature", label, number, mark_optimum=True)
            curves.predicted(axes, 1.0, "$T=1$")
            axes.set_title(f"ensemble, {fixed}")
            curves.cross_entropy_axis(axes, ensemble)
            curves.finish(axes, curves.TEMPERATURE, curves.CROSS_ENTROPY)
        return figure
