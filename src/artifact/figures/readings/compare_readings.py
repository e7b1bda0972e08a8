"""What each reading of the text comes to, beside the one that we chose."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from artifact.records import tables

METRIC = "ensemble_cross_entropy"


def base_of(reading: str) -> str:
    """The reading that we chose, beside which one stands: of Fig. 7's CNN or of Fig. 5's MLP."""
    return "cnn_base" if reading.startswith("cnn_") else "base"


def compare(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a reading.

    Each is taken at the temperature where its ensembles' mean cross entropy is least, of those
    at which none of its chains diverged or died. The interval is Student's, of differences paired
    by training set.

    Args:
        runs: sweeps' runs by the reading's name, each with its `base_of` of the same seeds.

    Returns:
        Columns reading, temperature, batch_size, cross_entropy, standard_error, accuracy,
        diverged (chains lost, of chains), difference (of cross entropy from the base's), low and
        high (its 95% interval), outcome (ours, better, worse, not
        told apart, inconclusive where fewer than two training sets are left to compare, or none
        where all diverged).
    """
    best = {name: _best(table) for name, table in runs.items()}
    rows = []
    for name, table in runs.items():
        row = {"reading": name, "chains": len(table), "diverged": tables.lost(table).sum()}
        base = base_of(name)
        chosen, ours = best[name], best[base]
        if chosen is None or ours is None:
            rows.append({**row, "outcome": "none"})
            continue
        values = chosen[METRIC]
        row |= {
            "temperature": chosen["temperature"].iloc[0],
            "batch_size": chosen["batch_size"].iloc[0],
            "cross_entropy": values.mean(),
            "standard_error": values.sem(),
            "accuracy": chosen["ensemble_accuracy"].mean(),
        }
        apart = (values - ours[METRIC]).dropna().to_numpy()
        low, high, outcome = np.nan, np.nan, "ours" if name == base else "inconclusive"
        if name != base and len(apart) > 1:
            half = stats.t.ppf(0.975, len(apart) - 1) * stats.sem(apart)
            low, high = apart.mean() - half, apart.mean() + half
            outcome = "better" if high < 0 else "worse" if low > 0 else "not told apart"
        rows.append(
            {**row, "difference": apart.mean(), "low": low, "high": high, "outcome": outcome}
        )
    return pd.DataFrame(rows)


def _best(table: pd.DataFrame) -> pd.DataFrame | None:
    """The runs at the best temperature, by seed."""
    whole = ~tables.lost(table).groupby(table["temperature"]).transform("any")
    means = table[whole].groupby("temperature")[METRIC].mean()
    if means.empty:
        return None
    return table[table["temperature"] == means.idxmin()].set_index("seed")
