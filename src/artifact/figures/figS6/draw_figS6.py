"""Fig. S6: NGD with K-FAC in place of the Fisher, and a network of 100,000 parameters, against T.

(a) Fig. 5's network, (b) one that sees whole images, at each N: an ensemble's cross entropy on the
test set. The paper anticipates that its conclusions could be scaled to larger networks by K-FAC;
if so, the least lies at T = 1, which is B = εN/2, in all of them.
"""

import itertools

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import curves, style

METRIC = "ensemble_cross_entropy"


def draw(
    fisher: pd.DataFrame,
    kfac: pd.DataFrame,
    wide_fisher: pd.DataFrame,
    wide_kfac: pd.DataFrame,
    stamp: style.Stamp,
) -> Figure:
    """Both panels.

    Args:
        fisher: of Fig. 5's network, see `artifact.records.tables.summarise`.
        kfac: the same by K-FAC.
        wide_fisher: of whole images, at several N.
        wide_kfac: the same by K-FAC.
        stamp: what the figure says of itself.
    """
    tables = (fisher, kfac, wide_fisher, wide_kfac)
    with style.panels(stamp, style.repeats(*tables)) as (figure, a, b):
        for axes, pair, title in (
            (a, tables[:2], "Fig. 5's network"),
            (b, tables[2:], "whole images"),
        ):
            named = zip(("Fisher", "K-FAC"), pair, strict=True)
            sizes = sorted(set(pd.concat(pair)["N"]))
            for (number, (name, table)), n in itertools.product(enumerate(named), sizes):
                rows = table[table["N"] == n]
                if rows.empty:
                    continue
                colour = style.COLOURS[(sizes.index(n) + 3 * number) % len(style.COLOURS)]
                label = f"{name}, $N={n}$"
                curves.curve(axes, rows, METRIC, "temperature", label, number, colour)
            axes.set_title(title)
            drawn = pd.concat(pair)
            curves.predicted(axes, 1.0, "predicted, $T=1$")
            curves.cross_entropy_axis(axes, drawn[drawn["metric"] == METRIC])
            curves.finish(axes, curves.TEMPERATURE, curves.CROSS_ENTROPY)
        return figure
