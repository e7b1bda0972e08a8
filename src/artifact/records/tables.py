"""From runs to the table that a plot reads: means and standard errors over repeats."""

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
        runs: one row a point and seed, with `COORDINATES`, `METRICS` and `diverged_at`, the
            update at which the chain left the finite numbers, or -1.

    Returns:
        Columns `COORDINATES`, metric, mean and standard_error over the finite runs, repeats
        (how many those are) and diverged (how many are not). A point of which every run
        diverged has mean NaN.
    """
    diverged = runs["diverged_at"] >= 0
    scores = runs[METRICS].mask(diverged)
    long = pd.concat([runs[COORDINATES], scores], axis=1).melt(
        COORDINATES, var_name="metric", value_name="value"
    )
    table = (
        long.groupby([*COORDINATES, "metric"])["value"]
        .agg(mean="mean", standard_error="sem", repeats="count")
        .reset_index()
    )
    lost = diverged.groupby([runs[c] for c in COORDINATES]).sum().rename("diverged")
    return table.merge(lost.reset_index(), on=COORDINATES)


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
