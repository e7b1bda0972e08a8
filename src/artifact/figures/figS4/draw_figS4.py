"""Fig. S4: every sampler on section 6.1's posterior at T = 1, all at the same cost.

(a) The distance from NUTS of the posterior, in standard deviations; a sampler draws from the
posterior to which its distance is that of NUTS from itself, the lines. (b) Effective samples for a
thousand gradients of the whole training set.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artifact.drawing import curves, style

NAMES = {
    "langevin": "Langevin, eq. (3)",
    "mala": "MALA",
    "sgld": "SGLD",
    "sghmc": "SGHMC",
    "psgld": "pSGLD, as published",
    "psgld, corrected": "pSGLD with the drift",
    "sgfs": "SGFS",
    "sgfs, diagonal": "SGFS, diagonal",
    "sgrld": "SGRLD",
    "preconditioned_langevin": "Langevin, eq. (8)",
    "quasi_diagonal": "Langevin, quasi-diagonal",
    "kfac": "Langevin, K-FAC",
    "riemannian_langevin": "corrected Langevin",
    "riemannian_mala, simplified": "simplified mMALA",
    "riemannian_mala": "mMALA",
    "noisy_ngd": "noisy natural gradient",
    "stochastic_ngd": "NGD, eq. (16)",
    "mandt": "Mandt, eq. (15)",
    "riemannian_ngd": "corrected NGD",
    "sgd": "SGD",
    "constant_sgd, scalar": "constant SGD, scalar",
    "constant_sgd, diagonal": "constant SGD, diagonal",
    "constant_sgd, full": "constant SGD, full",
    "iterate_averaging": "iterate averaging",
}


def draw(table: pd.DataFrame, speed: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels, a row a sampler.

    Args:
        table: distances, see `artifact.figures.figS4.every_sampler.run`.
        speed: its table of that name.
        stamp: what the figure says of itself.
    """
    sets = table.groupby("inputs")["repeat"].nunique().max()
    counted = f"training sets: {sets}, points: mean, lines: range; crosses: a chain diverged"
    shown = [name for name in NAMES if name in set(table["sampler"])]
    paid = with_rates(speed[speed["sampler"] != "nuts"])
    with style.panels(stamp, counted, 5.2) as (figure, a, b):
        for number, (inputs, rows) in enumerate(table.groupby("inputs")):
            colour = style.COLOURS[number]
            floor = rows.loc[rows["sampler"] == "nuts", "distance"].mean()
            a.axvline(floor, color=colour, linestyle=(0, (4, 3)), linewidth=0.9, zorder=0)
            label = f"$n={inputs}$"
            points(a, rows, "distance", shown, number, label)
            points(b, paid[paid["inputs"] == inputs], "rate", shown, number, label)
        name_rows(a, b, [NAMES[name] for name in shown])
        a.set_xlabel("distance from NUTS\n(standard deviations)")
        b.set_xlabel("effective samples for\n1,000 full gradients")
        b.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
        return figure


def name_rows(a: Axes, b: Axes, names: Sequence[str]) -> None:
    """Rows from the top, named at the left of panel (a) alone, of values on logarithmic axes."""
    for axes in (a, b):
        curves.logarithmic(axes.xaxis)
        axes.set_ylim(len(names) - 0.4, -0.6)
    a.set_yticks(np.arange(len(names)), names)
    b.set_yticks(np.arange(len(names)), [])


def with_rates(speed: pd.DataFrame) -> pd.DataFrame:
    """The table with a column rate: effective samples for 1,000 gradients of all examples."""
    return speed.assign(rate=1000 * speed["effective"] / speed["gradients"])


def points(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    names: Sequence[str],
    number: int,
    label: str,
    first: int = 0,
) -> None:
    """Means and ranges over training sets of each sampler.

    Where one is infinite there is a cross on the right edge instead, where one is 0 on the left.

    Args:
        axes: where.
        rows: with the columns sampler and `column`.
        column: what is drawn.
        names: the samplers, from the row `first` downwards.
        number: of the series: its colour and marker, a little lower than the last.
        label: of the series.
        first: a row.
    """
    colour, marker = style.COLOURS[number], style.MARKERS[number]
    grouped = rows.groupby("sampler")[column].agg(["mean", "min", "max"]).loc[list(names)]
    y = first + np.arange(len(names)) + 0.25 * number
    mean = grouped["mean"].to_numpy()
    least = grouped["min"].to_numpy()
    whole = np.isfinite(mean) & (least > 0)
    axes.hlines(y[whole], grouped["min"][whole], grouped["max"][whole], color=colour, linewidth=0.9)
    axes.plot(mean[whole], y[whole], marker, color=colour, linestyle="none", label=label)
    for at, lowest in zip(y[~whole], least[~whole], strict=True):
        edge = axes.get_yaxis_transform()
        axes.plot(float(lowest > 0), at, "x", color=colour, transform=edge, clip_on=False)
