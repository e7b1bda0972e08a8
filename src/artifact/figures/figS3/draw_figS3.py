"""Fig. S3: how far the samplers are from NUTS, and their effective samples a second.

(a) Fig. 1's posterior, (b) more inputs: the distance of each sampler from NUTS of each posterior,
in standard deviations. In brackets effective samples a second. A sampler draws from the posterior
to which its distance is that of NUTS from itself.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artifact.drawing import curves, style

TARGETS = {0.0: "flat, $k=0$", 0.5: "Jeffreys, $k=1/2$", 1.0: "its square, $k=1$"}

NAMES = {
    "preconditioned_langevin": "Langevin,\neq. (8)",
    "stochastic_ngd": "NGD,\neq. (16)",
    "mandt": "Mandt,\neq. (15)",
    "riemannian_langevin, k = 0": "corrected,\n$k=0$",
    "riemannian_langevin, k = 0.5": "corrected,\n$k=1/2$",
    "nuts": "NUTS",
}


def draw(table: pd.DataFrame, speed: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Panel (a): Fig. 1's posterior. Panel (b): more inputs.

    Args:
        table: distances, see `artifact.figures.figS3.gold_standard.run`.
        speed: its table of that name.
        stamp: what the figure says of itself.
    """
    sets = table.groupby("inputs")["seed"].nunique().max()
    counted = f"training sets: {sets}, lines: range  ·  in brackets: effective samples a second"
    few, *others = sorted(table["inputs"].unique())
    with style.panels(stamp, counted, 3.6) as (figure, a, b):
        for axes, inputs in ((a, few), (b, others[-1] if others else few)):
            _panel(axes, table[table["inputs"] == inputs], speed[speed["inputs"] == inputs])
            axes.set_title(f"$n={inputs}$")
        a.set_ylabel("distance from NUTS (standard deviations)")
        title = r"NUTS of $e^{-C}|F+\delta I|^k$"
        a.legend(title=title, title_fontsize=7, loc="upper left")
        return figure


def _panel(axes: Axes, table: pd.DataFrame, speed: pd.DataFrame) -> None:
    for number, (exponent, label) in enumerate(TARGETS.items()):
        rows = table[table["exponent"] == exponent]
        grouped = rows.groupby("sampler")["distance"].agg(["mean", "min", "max"]).loc[list(NAMES)]
        x = np.arange(len(NAMES)) + 0.2 * (number - 1)
        colour = style.COLOURS[number]
        axes.vlines(x, grouped["min"], grouped["max"], color=colour, linewidth=0.9)
        axes.plot(
            x, grouped["mean"], style.MARKERS[number], color=colour, linestyle="none", label=label
        )
    rates = (speed["effective"] / speed["seconds"]).groupby(speed["sampler"]).median()
    labels = [
        f"{name}\n({rates[sampler if sampler in rates else 'nuts, k = 0']:,.0f})"
        for sampler, name in NAMES.items()
    ]
    axes.set_xticks(np.arange(len(NAMES)), labels, fontsize=5.5)
    curves.logarithmic(axes.yaxis)
    axes.set_ylim(0.7 * table["distance"].min(), 3 * table["distance"].max())
