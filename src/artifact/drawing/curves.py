"""Curves of a sweep: means and standard errors against T or B."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike

from artifact.drawing.style import BLACK, BLUE, COLOURS, GREEN, GREY, LINES, MARKERS

ACCURACY = "test accuracy (%)"
CROSS_ENTROPY = "test cross entropy (nats per example)"
TEMPERATURE = "temperature $T$"
BATCH = "batch size $B$"
SYMBOLS = {"temperature": "T", "batch_size": "B"}
LOST = {"diverged": ("x", "repeats diverged"), "dead": ("+", "ended as dead networks")}
"""Marks on the edge of what is bad, and what they say."""
UP = r"$\uparrow$"
ABOVE = "mean above the axis"


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
    """One curve, with marks on the edge where repeats diverged or ended as dead networks.

    That is the lower edge for an accuracy, the upper one for a cross entropy.

    Args:
        axes: the panel.
        table: the rows of this curve, of any metric.
        metric: which of them; an accuracy is drawn in per cent.
        x: the column on the horizontal axis.
        label: in the legend.
        style: which marker and line.
        colour: the style's own when None.
        mark_optimum: whether to ring the least mean, if it is inside the grid and of more than
            two repeats; the legend then says how low and where.
    """
    rows = table[table["metric"] == metric].sort_values(x)
    factor = 100 if metric.endswith("accuracy") else 1
    mean = factor * rows["mean"]
    colour = colour or COLOURS[style % len(COLOURS)]
    best = int(mean.argmin()) if mark_optimum and mean.notna().any() else 0
    # A least at an edge of the grid may lie beyond it, and one of two repeats may be either's.
    if 0 < best < len(rows) - 1 and rows["repeats"].iloc[best] > 2:
        where, least = rows[x].iloc[best], mean.iloc[best]
        label = f"{label} (least {least:.3f} at ${SYMBOLS[x]}={where:g}$)"
        axes.plot(where, least, "o", ms=8, mfc="none", mec=colour, mew=0.9)
    axes.errorbar(
        rows[x],
        mean,
        factor * rows["standard_error"],
        label=label,
        color=colour,
        marker=MARKERS[style % len(MARKERS)],
        linestyle=LINES[style % len(LINES)],
        capsize=2,
    )
    for kind in LOST:
        lost = rows[rows[kind] > 0]
        if len(lost):
            # A point without a mean has no repeat left.
            every = bool(lost["mean"].isna().all())
            mark_lost(axes, kind, lost[x], every, 0.0 if metric.endswith("accuracy") else 1.0)


def mark_lost(axes: Axes, kind: str, x: ArrayLike, every: bool, edge: float = 1.0) -> None:
    """Marks on an edge of the panel where repeats were lost, and what they say in the legend, once.

    Args:
        axes: the panel.
        kind: of `LOST`.
        x: where.
        every: whether all repeats were lost there, or some.
        edge: 0 for the lower edge, 1 for the upper.
    """
    mark, told = LOST[kind]
    told = f"{'all' if every else 'some'} {told}"
    known = axes.get_legend_handles_labels()[1]
    axes.plot(
        x,
        np.full(np.shape(x), edge),
        mark,
        ms=6 if kind == "dead" else None,
        color=BLACK,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
        label=told if told not in known else None,
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
    """Labels, a logarithmic horizontal axis, a legend; the vertical axis must be final."""
    logarithmic(axes.xaxis)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    point_above(axes)
    legend(axes)


def point_above(axes: Axes) -> None:
    """Arrows below the upper edge at means that lie above it, so that a cut axis hides none.

    The curve ends there: a line to a mean far above would look like an upright one.
    """
    top = axes.get_ylim()[1]
    cut = False
    for number, container in enumerate(axes.containers):
        line = container[0]
        x, mean = (np.asarray(line.get_data()[axis], float) for axis in (0, 1))
        above = x[mean > top]
        line.set_ydata(np.where(mean > top, np.nan, mean))
        for cap in container[1]:
            cap.set_ydata(np.where(mean > top, np.nan, cap.get_ydata()))
        for bars in container[2]:
            shown = [
                bar if len(bar) and not cut_off else np.empty((0, 2))
                for bar, cut_off in zip(bars.get_segments(), mean > top, strict=True)
            ]
            bars.set_segments(shown)
        # A row for each curve: their arrows would otherwise hide one another.
        height = np.full(len(above), 0.96 - 0.06 * number)
        axes.plot(
            above,
            height,
            linestyle="none",
            marker=UP,
            ms=7,
            color=line.get_color(),
            transform=axes.get_xaxis_transform(),
        )
        cut = cut or len(above) > 0
    if cut:
        axes.plot([], [], linestyle="none", marker=UP, ms=7, color=GREY, label=ABOVE)


def legend(axes: Axes) -> None:
    """A legend below the panel, where it hides no point: curves on the left, marks on the right."""
    entries = list(zip(*axes.get_legend_handles_labels(), strict=True))
    curves = [entry for entry in entries if isinstance(entry[0], ErrorbarContainer)]
    marks = [entry for entry in entries if not isinstance(entry[0], ErrorbarContainer)]
    if marks:
        blank = (Line2D([], [], linestyle="none"), "")
        rows = max(len(curves), len(marks))
        curves += [blank] * (rows - len(curves))
        marks += [blank] * (rows - len(marks))
    handles, labels = zip(*curves, *marks, strict=True)
    # Points, not shares of the panel: the labels that it keeps clear of are in points too.
    clear = ScaledTranslation(-34 / 72, -30 / 72, axes.figure.dpi_scale_trans)
    axes.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=axes.transAxes + clear,
        borderaxespad=0,
        borderpad=0,
        ncols=2,
        columnspacing=0.8,
        handlelength=1.8,
        handletextpad=0.6,
    )


def logarithmic(axis: Axis) -> None:
    """A logarithmic axis with plain numbers at 1, 2, 5, 10, ..."""
    set_scale = axis.axes.set_xscale if axis is axis.axes.xaxis else axis.axes.set_yscale
    set_scale("log")
    axis.set_major_locator(LogLocator(10, (1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def cross_entropy_axis(axes: Axes, table: pd.DataFrame, room: float = 30) -> None:
    """Logarithmic where the means in `table` span a factor of three or more.

    It then ends at `room` times the least mean, and at half of it: a bar that reaches towards
    zero, or one point far up, would flatten the minimum.
    """
    drawn = table.loc[table["metric"].str.endswith("cross_entropy"), "mean"].dropna()
    if len(drawn) and 0 < 3 * drawn.min() <= drawn.max():
        logarithmic(axes.yaxis)
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, drawn.min() / 2), min(top, room * drawn.min()))
        bottom, top = axes.get_ylim()
        if sum(bottom <= tick <= top for tick in axes.get_yticks()) < 3:
            axes.yaxis.set_major_locator(LogLocator(10, (1, 1.5, 2, 3, 5, 7)))


def batch_axis(axes: Axes, sizes: Sequence[int]) -> None:
    """A logarithmic axis ticked at the batch sizes that were run."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(sizes), [str(size) for size in sizes])
    axes.minorticks_off()


def focus(axes: Axes, table: pd.DataFrame, room: float = 6.5) -> None:
    """Cut the axis where high temperatures reach far above the ensemble's minimum.

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
        axes.set_ylim(low - 0.5 * span, low + room * span)
