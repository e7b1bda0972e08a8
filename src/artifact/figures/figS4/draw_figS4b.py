"""Fig. S4b: the samplers on Fig. 5's network at T = 1, all at the same cost, beside HMC.

(a) How far their predictions are from HMC's, as total variation: half the sum over labels of the
difference of probabilities, its mean over test images. A sampler draws from the posterior to which
its distance is that of HMC's chains from each other, the line. (b) Effective samples for a
thousand gradients of the whole training set, of what mixes worst: the cost and the log
probabilities of twenty test images' labels.
"""

import pandas as pd
from matplotlib.figure import Figure

from artifact.drawing import style
from artifact.figures.figS4.draw_figS4 import NAMES as OF_BOTH
from artifact.figures.figS4.draw_figS4 import name_rows, points, with_rates

NAMES = {"hmc": "HMC", **OF_BOTH, "stochastic_ngd, kfac": "NGD with K-FAC"}


def draw(table: pd.DataFrame, speed: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels, a row a sampler.

    Args:
        table: distances, see `artifact.figures.figS4.network_samplers.run`.
        speed: its table of that name.
        stamp: what the figure says of itself.
    """
    table, speed = (with_gold(rows, table) for rows in (table, speed))
    sets = table["repeat"].nunique()
    counted = (
        f"training sets: {sets}, points: mean, lines: range; crosses: a chain diverged or died"
    )
    shown = [name for name in NAMES if name in set(table["sampler"])]
    samplers = [name for name in shown if name != "hmc"]
    with style.panels(stamp, counted, 4.0) as (figure, a, b):
        floor = table.loc[table["sampler"] == "hmc", "distance"].mean()
        a.axvline(floor, color=style.COLOURS[0], linestyle=(0, (4, 3)), linewidth=0.9, zorder=0)
        points(a, table, "distance", samplers, 0, "", first=len(shown) - len(samplers))
        points(b, with_rates(speed), "rate", shown, 0, "")
        name_rows(a, b, [NAMES[name] for name in shown])
        a.set_xlabel("total variation from HMC")
        b.set_xlabel("effective samples for\n1,000 full gradients")
        return figure


def with_gold(rows: pd.DataFrame, distances: pd.DataFrame) -> pd.DataFrame:
    """Those of training sets on which HMC's chains mixed, so that its distance is told."""
    gold = distances[distances["sampler"] == "hmc"].dropna(subset="distance")
    return rows[rows["repeat"].isin(gold["repeat"])]
