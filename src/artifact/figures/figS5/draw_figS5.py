"""Fig. S5: the cross entropy of Fig. 5's network against T, beside that of the posterior itself.

(a) an ensemble's, (b) a single sample's, on the test set. HMC draws from the posterior at each
temperature, whatever its step; a second set of its chains, from other starts, tells how far it
is from having converged. All have the same training sets and projections, so that a sampler that
draws from the posterior lies on HMC's curve.
"""

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import curves, style

NAMES = {
    "hmc": "HMC",
    "again": "HMC, other starts",
    "ngd": "NGD, eq. (16)",
    "eq8": "Langevin, eq. (8)",
    "langevin": "Langevin, eq. (3)",
}


def draw(stamp: style.Stamp, **tables: pd.DataFrame) -> Figure:
    """Both panels.

    Args:
        stamp: what the figure says of itself.
        tables: a sweep's table for each of `NAMES`, see `artifact.records.tables.summarise`.
    """
    with style.panels(stamp, style.repeats(*tables.values())) as (figure, a, b):
        for axes, kind, title in ((a, "ensemble", "ensemble"), (b, "single", "single sample")):
            for number, (name, label) in enumerate(NAMES.items()):
                metric = f"{kind}_cross_entropy"
                curves.curve(axes, tables[name], metric, "temperature", label, number)
            axes.set_title(title)
            drawn = pd.concat(tables.values())
            shown = drawn[drawn["metric"].str.startswith(kind)]
            curves.cross_entropy_axis(axes, shown, room=2)
            curves.finish(axes, curves.TEMPERATURE, curves.CROSS_ENTROPY)
        return figure
