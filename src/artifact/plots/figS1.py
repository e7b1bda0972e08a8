"""Fig. S1: which power of |G| weighs the samples, as ε -> 0."""

import pandas as pd
from matplotlib.figure import Figure

from artifact.plots import style, sweep

NAMES = {
    "logistic_1d": "logistic regression, 1 input",
    "logistic_2d": "logistic regression, 2 inputs",
    "conformal_2d": r"$G=(1+|\omega|^2)I$, 2 parameters",
}
PANELS = (("eq. (8), as in the paper", ["eq8"]), ("corrected samplers", ["flat", "jeffreys"]))


def draw(table: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels: eq. (8), and the samplers with the drift that it lacks.

    Args:
        table: see `artifact.experiments.theorem_1.run`.
        stamp: what the figure says of itself.
    """
    with style.panels(stamp, "bars: 95%, largest markers: ε → 0", 4.4) as (figure, *both):
        for axes, (title, samplers) in zip(both, PANELS, strict=True):
            for aim, label in ((0, "flat"), (0.5, "Jeffreys, Theorem 1"), (1, "its square")):
                axes.axhline(aim, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
                axes.annotate(
                    f"$k={aim:g}$: {label}",
                    (1, aim),
                    xycoords=("axes fraction", "data"),
                    ha="right",
                    va="bottom",
                    fontsize=6,
                    color=style.GREY,
                )
            chosen = table[table["sampler"].isin(samplers)]
            rates = sorted(chosen["learning_rate"].unique())
            spread = 0.06 * max(rates) / chosen["temperature"].nunique()
            for number, name in enumerate(NAMES):
                for step, (_, rows) in enumerate(
                    chosen[chosen["problem"] == name].groupby(["sampler", "temperature"])
                ):
                    shift = spread * (step % chosen["temperature"].nunique() + number / 3)
                    for limit, size in ((True, 7), (False, 3.5)):
                        part = rows[(rows["learning_rate"] == 0) == limit]
                        axes.errorbar(
                            part["learning_rate"] + shift,
                            part["exponent"],
                            1.96 * part["standard_error"],
                            color=style.COLOURS[number],
                            marker=style.MARKERS[number],
                            markersize=size,
                            linestyle="none",
                            capsize=2,
                            label=NAMES[name] if step == 0 and limit else None,
                        )
            axes.set_title(title)
            axes.set_xlabel(r"learning rate $\epsilon$")
            axes.set_ylabel(r"exponent $k$ of $e^{-C/T}|G|^k$")
            sweep.legend(axes)
        return figure
