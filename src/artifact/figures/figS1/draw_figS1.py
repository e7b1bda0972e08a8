"""Fig. S1: which power of |G| weighs the samples, as ε -> 0.

(a) eq. (8) against ε, with the limit ε -> 0; (b) limits, of eq. (8) and of the samplers with the
drift that it lacks, against damping. Theorem 1 says k = 1/2. Bars are 95% intervals.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artifact.drawing import curves, style

NAMES = {
    "logistic_1d": "logistic, 1 input",
    "logistic_2d": "logistic, 2 inputs",
    "conformal_2d": r"$G=(1+|\omega|^2)I$",
    "covariance_1d": r"eq. (15): $\Sigma$, 1 input",
    "covariance_2d": r"eq. (15): $\Sigma$, 2 inputs",
}
AIMS = ((0, "flat"), (0.5, "Theorem 1"), (1, "its square"))
FILLS = {"eq8": "full", "jeffreys": "top", "flat": "none"}
LABELS = {"eq8": "eq. (8)", "jeffreys": "corrected, for $k=1/2$", "flat": "corrected, for $k=0$"}


def draw(table: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """(a) eq. (8) against ε; (b) its limit and those of the samplers with the drift it lacks.

    Args:
        table: the pooled one of `artifact.figures.figS1.theorem_1.run`.
        stamp: what the figure says of itself.
    """
    of_all = table["damping"].isna()
    with style.panels(stamp, "bars: 95%", 4.0) as (figure, a, b):
        for axes in (a, b):
            for aim, _ in AIMS:
                axes.axhline(aim, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
            axes.set_ylabel(r"exponent $k$ of $e^{-C/T}|G|^k$")

        paper = table[of_all & (table["sampler"] == "eq8")]
        step = 0.015 * paper["learning_rate"].max()
        for number, name in enumerate(NAMES):
            rows = paper[paper["problem"] == name]
            if rows.empty:
                continue
            limit = rows[rows["learning_rate"] == 0].iloc[0]
            half = limit["high"] - limit["exponent"]
            told = f"{NAMES[name]}: {limit['exponent']:.2f} ± {half:.2f}"
            _bars(a, rows["learning_rate"] + step * number, rows, number, "eq8", told)
        # Between the two largest ε, where no point is.
        *_, second, largest = sorted(paper["learning_rate"].unique())
        for aim, label in AIMS:
            a.annotate(
                f"$k={aim:g}$: {label}",
                ((second + largest) / 2 + step, aim),
                ha="center",
                va="bottom",
                fontsize=6,
                color=style.GREY,
            )
        a.set_title(r"eq. (8); in the legend $\epsilon\to0$")
        a.set_xlabel(r"learning rate $\epsilon$")

        limits = table[~of_all & (table["learning_rate"] == 0)]
        dampings = sorted(limits["damping"].unique())
        for place, sampler in enumerate(FILLS):
            b.plot([], [], "o", color=style.GREY, fillstyle=FILLS[sampler], label=LABELS[sampler])
            for number, name in enumerate(NAMES):
                rows = limits[(limits["problem"] == name) & (limits["sampler"] == sampler)]
                if rows.empty:
                    continue
                shift = 0.24 * (place - 1) + 0.05 * (number - 2)
                _bars(b, rows["damping"].map(dampings.index) + shift, rows, number, sampler, None)
        b.set_title(r"limits $\epsilon\to0$")
        b.set_xticks(range(len(dampings)), [f"{damping:g}" for damping in dampings])
        b.set_xlim(-0.6, len(dampings) - 0.4)
        b.set_xlabel(r"damping $\delta$")
        for axes in (a, b):
            curves.legend(axes)
        return figure


def _bars(
    axes: Axes, x: pd.Series, rows: pd.DataFrame, number: int, sampler: str, label: str | None
) -> None:
    axes.errorbar(
        x,
        rows["exponent"],
        rows["high"] - rows["exponent"],
        color=style.COLOURS[number],
        marker=style.MARKERS[number],
        fillstyle=FILLS[sampler],
        linestyle="none",
        capsize=2,
        label=label,
    )
