"""What all figures share: size, colours, the stamp, and how they are saved."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from artifact.records import files

WIDTH = 7.0
"""Inches: the text of a two-column paper."""

BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, BLACK, GREY = "#CC79A7", "#56B4E9", "#000000", "#666666"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
"""Okabe and Ito's, which colour-blind readers tell apart."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))

RC: Any = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
    "pdf.fonttype": 42,
    "svg.hashsalt": "ngd",
}


class Stamp(NamedTuple):
    """What each figure says of itself.

    Attributes:
        scale: smoke, quick, paper or fashion.
        data: the data set.
        repeats: how many, and what the bars are; counted from the tables when empty.
    """

    scale: str
    data: str
    repeats: str = ""


def repeats(*tables: pd.DataFrame) -> str:
    """How many repeats the tables' points have, lost ones counted, and what the bars are."""
    counts = pd.concat(
        [table["repeats"] + table.get("diverged", 0) + table.get("dead", 0) for table in tables]
    )
    low, high = int(counts.min()), int(counts.max())
    if high <= 1:
        return "1 repeat per point"
    number = f"{high}" if low == high else f"{low} to {high}"
    return f"{number} repeats per point, bars: ± 1 standard error"


@contextmanager
def ours() -> Iterator[None]:
    """Matplotlib's defaults with `RC` on top, whatever a user's matplotlibrc says."""
    with mpl.rc_context(mpl.rcParamsDefault):
        mpl.rcParams.update(RC)
        yield


@contextmanager
def panels(stamp: Stamp, counted: str, height: float = 3.4) -> Iterator[tuple[Figure, Axes, Axes]]:
    """A figure with panels (a) and (b), stamped; `counted` ends a stamp that has no repeats."""
    with ours():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasAgg(figure)
        a, b = figure.subplots(1, 2)
        for axes, letter in ((a, "(a)"), (b, "(b)")):
            axes.set_title(letter, loc="left", fontweight="bold")
        yield figure, a, b
        text = f"scale: {stamp.scale}  ·  data: {stamp.data}  ·  {stamp.repeats or counted}"
        figure.supxlabel(text, fontsize=7, color=GREY, x=0.5)


def save(figure: Figure, pdf: Path, png: Path, svg: Path) -> None:
    """Write all three files whole, with the same bytes at each call."""
    unset = {"CreationDate": None, "ModDate": None}
    with ours():
        for path, more in (
            (pdf, {"metadata": unset}),
            (png, {"metadata": {"Software": None}, "dpi": 200}),
            (svg, {"metadata": {"Date": None}}),
        ):
            files.replace(path, partial(figure.savefig, format=path.suffix[1:], **more))
