"""Curves of a sweep: means and standard errors against T or B."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from artifact.plots.style import BLACK, BLUE, COLOURS, GREEN, GREY, LINES, MARKERS

ACCURACY = "test accuracy (%)"
CROSS_ENTROPY = "test cross entropy (nats per example)"
TEMPERATURE = "temperature $T$"
BATCH = "batch size $B$"


def curve(
    axes: Axes,
    table: pd.DataFrame,
    metric: str,
    x: str,
    label: str,
    style: int,
    colour: str | None = None,
    mark_optimum: bool = False,
) -> None:
    """One curve, with crosses on the upper edge where every repeat or some diverged.

    Args:
        axes: the panel.
        table: the rows of this curve, of any metric.
        metric: which of them; an accuracy is drawn in per cent.
        x: the column on the horizontal axis.
        label: in the legend.
        style: which marker and line.
        colour: the style's own when None.
        mark_optimum: whether to ring the least mean and name its x in the legend.
    """
    rows = table[table["metric"] == metric].sort_values(x)
    factor = 100 if metric.endswith("accuracy") else 1
    mean, error = factor * rows["mean"], factor * rows["standard_error"].fillna(0)
    colour = colour or COLOURS[style % len(COLOURS)]
    if mark_optimum and mean.notna().any():
        best = int(mean.argmin())
        where = rows[x].iloc[best]
        label = f"{label} (least at {where:g})"
        axes.plot(where, mean.iloc[best], "o", ms=9, mfc="none", mec=colour, mew=1)
    axes.errorbar(
        rows[x],
        mean,
        error,
        label=label,
        color=colour,
        marker=MARKERS[style % len(MARKERS)],
        linestyle=LINES[style % len(LINES)],
        capsize=2,
    )
    lost = rows[rows["diverged"] > 0]
    if len(lost):
        known = axes.get_legend_handles_labels()[1]
        axes.plot(
            lost[x],
            np.ones(len(lost)),
            "x",
            color=BLACK,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            label="some repeats diverged" if "some repeats diverged" not in known else None,
        )


def pair(axes: Axes, table: pd.DataFrame, kind: str, x: str) -> None:
    """The ensemble's curve and the single samples', in blue and green as in the paper."""
    best = kind == "cross_entropy"
    curve(axes, table, f"ensemble_{kind}", x, "ensemble", 0, BLUE, mark_optimum=best)
    curve(axes, table, f"single_{kind}", x, "single sample", 1, GREEN)


def predicted(axes: Axes, x: float, label: str) -> None:
    """The predicted optimum."""
    axes.axvline(x, color=GREY, linestyle=(0, (4, 3)), linewidth=0.9, label=label, zorder=0)


def finish(axes: Axes, x_label: str, y_label: str) -> None:
    """Labels, a logarithmic horizontal axis, a legend."""
    logarithmic(axes.xaxis)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(loc="best")


def logarithmic(axis: Axis) -> None:
    """A logarithmic axis with plain numbers at 1, 2, 5, 10, ..."""
    set_scale = axis.axes.set_xscale if axis is axis.axes.xaxis else axis.axes.set_yscale
    set_scale("log")
    axis.set_major_locator(LogLocator(10, (1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def cross_entropy_axis(axes: Axes, drawn: pd.Series) -> None:
    """Logarithmic where the values span a factor of three or more."""
    finite = drawn.dropna()
    if len(finite) and finite.max() >= 3 * finite.min():
        logarithmic(axes.yaxis)


def batch_axis(axes: Axes, sizes: Sequence[int]) -> None:
    """A logarithmic axis ticked at the batch sizes that were run."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(sizes), [str(size) for size in sizes])
    axes.minorticks_off()


def focus(axes: Axes, table: pd.DataFrame, room: float = 6.5) -> None:
    """Cut the axis where high temperatures reach far above the ensemble's minimum; say so.

    What is shown is `room` times the rise from the minimum to the largest batch.
    """
    rows = table[table["metric"] == "ensemble_cross_entropy"].sort_values("batch_size")
    ensemble = rows["mean"].dropna()
    drawn = table[table["metric"].str.endswith("cross_entropy")]["mean"].dropna()
    if ensemble.empty:
        return
    low = ensemble.min()
    span = max(ensemble.iloc[-1] - low, 0.02 * low)
    if drawn.max() > low + room * span:
        axes.set_ylim(low - 0.3 * span, low + room * span)
        axes.text(0.01, 0.01, "axis cut above", transform=axes.transAxes, fontsize=6.5)
