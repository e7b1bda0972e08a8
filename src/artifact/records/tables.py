"""From runs to the table that a plot reads: means and standard errors over repeats."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from artifact.refusals import RefusedError

COORDINATES = ["N", "learning_rate", "temperature", "batch_size"]
METRICS = [
    "ensemble_accuracy",
    "ensemble_cross_entropy",
    "single_accuracy",
    "single_cross_entropy",
]


def gather_runs(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of jobs as one table, in the order of their coordinates and seeds."""
    order = ["N", "learning_rate", "temperature", "seed"]
    return pd.concat(parts, ignore_index=True).sort_values(order, ignore_index=True)


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a point and metric.

    Args:
        runs: one row a point and seed, with `COORDINATES`, `METRICS`, and `diverged_at` and
            `dead_at`, the updates at which the chain left the finite numbers, or since which it
            answered the same to every input; or -1.

    Returns:
        Columns `COORDINATES`, metric, mean and standard_error over the other runs, repeats
        (how many those are), diverged and dead (how many are). A point with no other run has
        mean NaN.
    """
    scores = runs[METRICS].mask(lost(runs))
    long = pd.concat([runs[COORDINATES], scores], axis=1).melt(
        COORDINATES, var_name="metric", value_name="value"
    )
    table = (
        long.groupby([*COORDINATES, "metric"])["value"]
        .agg(mean="mean", standard_error="sem", repeats="count")
        .reset_index()
    )
    for kind in ("diverged", "dead"):
        counted = (runs[f"{kind}_at"] >= 0).groupby([runs[c] for c in COORDINATES]).sum()
        table = table.merge(counted.rename(kind).reset_index(), on=COORDINATES)
    return table


def lost(runs: pd.DataFrame) -> pd.Series:
    """Which runs have no score: those of chains that diverged, and of dead networks."""
    return (runs["diverged_at"] >= 0) | (runs["dead_at"] >= 0)


def optima(table: pd.DataFrame, metric: str = "ensemble_cross_entropy") -> pd.DataFrame:
    """The point with the least mean of `metric`, for each N and learning rate."""
    rows = table[(table["metric"] == metric) & table["mean"].notna()]
    best = rows.groupby(["N", "learning_rate"])["mean"].idxmin()
    return rows.loc[best].reset_index(drop=True)


def gather(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The provenance of a table from that of its points.

    Raises:
        RefusedError: the points are not all of one data set.
    """
    data = sorted({record["data"] for record in records})
    if len(data) != 1:
        raise RefusedError(f"points of different data sets: {', '.join(data)}")
    return {
        "data": data[0],
        "seconds": round(sum(record["seconds"] for record in records), 3),
        "points": list(records),
    }


def number(value: float | None) -> str:
    """A number as people write it, to three digits: 1,170 rather than 1.17e+03; empty for none."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) < 1e-12:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:g}"
