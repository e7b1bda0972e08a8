"""Readings of the text: the ensemble's cross entropy against T, each beside the one we chose.

A panel for each point of the text that can be read in another way: grey as we read it, red the
other way. Where the two differ in their minimum, the reading matters.
"""

import math

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from artifact.drawing import curves, style
from artifact.figures.readings.compare_readings import base_of

COLUMNS = 3

WORDS = {
    "lambda_in_the_summed_cost": r"$\lambda$ in the summed cost",
    "lambda_without_the_half": r"$\lambda|\omega|^2$, without the half",
    "projection_over_28": r"projection over $\sqrt{784}$",
    "exact_T_and_B": "exact $T$ and $B$",
    "fisher_with_replacement": "Fisher with replacement",
    "exact_fisher": "exact Fisher",
    "moving_average": r"moving average, $\alpha=0.5$",
}
"""What readings are called; else by their names."""


def title(name: str) -> str:
    """A reading's, above its panel."""
    model, known = ("CNN: ", name.removeprefix("cnn_")) if name.startswith("cnn_") else ("", name)
    return model + WORDS.get(known, known.replace("_", " "))


def draw(stamp: style.Stamp, **tables: pd.DataFrame) -> Figure:
    """A panel for each reading that is not ours, beside its `base_of`.

    Args:
        stamp: what the figure says of itself.
        tables: the readings' sweeps, see `artifact.records.tables.summarise`.
    """
    others = {name: table for name, table in tables.items() if base_of(name) != name}
    rows = math.ceil(len(others) / COLUMNS)
    with style.ours():
        figure = Figure(figsize=(style.WIDTH, 2.1 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        grid = list(figure.subplots(rows, COLUMNS, sharey="row", squeeze=False).flat)
        widest = pd.concat(tables.values())["temperature"]
        ticks = sorted(widest.unique())
        for axes, (name, table) in zip(grid, others.items(), strict=False):
            base = tables[base_of(name)]
            metric = "ensemble_cross_entropy"
            curves.curve(axes, base, metric, "temperature", "ours", 0, style.GREY)
            curves.curve(axes, table, metric, "temperature", name, 1, style.VERMILION)
            curves.logarithmic(axes.xaxis)
            axes.set_xlim(0.8 * ticks[0], 1.25 * ticks[-1])
            axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
            axes.minorticks_off()
            axes.set_title(title(name))
        for start in range(0, len(others), COLUMNS):
            row = list(others.items())[start : start + COLUMNS]
            drawn = pd.concat([t for name, of in row for t in (tables[base_of(name)], of)])
            curves.cross_entropy_axis(grid[start], drawn)
            for axes in grid[start : start + len(row)]:
                curves.point_above(axes)
        for axes in grid[len(others) :]:
            axes.remove()
        figure.supylabel("ensemble's " + curves.CROSS_ENTROPY, fontsize=7)
        counted = f"{stamp.repeats or style.repeats(*tables.values())}  ·  grey: ours"
        figure.supxlabel(
            f"{curves.TEMPERATURE}\nscale: {stamp.scale}  ·  data: {stamp.data}  ·  {counted}",
            fontsize=7,
            color=style.GREY,
        )
        return figure
