"""From a claim's statistic to its interval and its verdict."""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from artifact.claims import statistics

Verdict = Literal["reproduced", "not reproduced", "inconclusive"]

VERDICTS = get_args(Verdict)

LEAST_REPEATS = 5
"""With fewer independent repeats a bootstrap interval means nothing."""

RESAMPLINGS = 9999
CONFIDENCE = 0.95

SEPARABLE = "separable"
"""The table that says which training sets are linearly separable."""

COLUMNS = [
    "claim", "where", "says", "statistic", "criterion", "estimate", "low", "high",
    "repeats", "verdict", "repeats_wanted", "note",
]  # fmt: skip


def judge_all(
    claims: Sequence[Mapping[str, Any]], tables: Mapping[str, pd.DataFrame], root: int
) -> pd.DataFrame:
    """A row a claim, columns `COLUMNS`.

    Args:
        claims: as in `workflow/claims.yaml`.
        tables: those that were run, by name, a row a repeat (`artifact.claims.repeats`).
        root: the root seed; each claim resamples by itself.
    """
    rows = [judge(claim, tables, root) for claim in claims]
    return pd.DataFrame(rows, columns=COLUMNS)


def judge(
    claim: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], root: int
) -> dict[str, Any]:
    """One claim: its statistic, the bootstrap interval of it over repeats, and the verdict."""
    statistic = statistics.STATISTICS[claim["statistic"]]
    of = dict(claim.get("of", {}))
    bottom, top = _bounds(claim)
    row: dict[str, Any] = {
        "claim": claim["claim"],
        "where": claim["where"],
        "says": claim["says"],
        "statistic": (statistic.__doc__ or "").splitlines()[0].rstrip("."),
        "criterion": _criterion(bottom, top),
        "repeats": 0,
        "verdict": "inconclusive",
        "repeats_wanted": LEAST_REPEATS,
        "note": claim.get("note", ""),
    }
    names = [name for name in claim["tables"] if name in tables and name != SEPARABLE]
    if claim.get("separable") is not None and SEPARABLE not in tables:
        return {**row, "note": f"not run: no table {SEPARABLE}"}
    tables = _among(claim, tables, names)
    for name in names:
        if tables[name].empty:
            return {**row, "note": f"not told: no repeat of {name} counts"}
    every = [_fullest_first(tables[name]) for name in names]
    used = every

    def resampled(*indices: np.ndarray, axis: int = -1) -> np.ndarray:
        means = {
            name: pd.DataFrame(table.to_numpy()[index].mean(axis=1), columns=table.columns)
            for name, table, index in zip(names, used, indices, strict=True)
        }
        return statistic(means, **of)

    def estimated() -> float:
        return float(resampled(*(np.arange(len(table))[None] for table in used))[0])

    # Points of fewer repeats than others are left out; unless nothing can be said without them.
    lacking: Exception | None = None
    for repeats in range(max(map(len, every), default=1), 0, -1):
        used = [table.head(repeats).dropna(axis=1) for table in every]
        try:
            estimate = estimated()
        except statistics.LackingError as error:
            lacking = error
        else:
            break
    else:
        return {**row, "note": f"not run: {lacking}"}
    without = [_left_out(*three, of) for three in zip(names, every, used, strict=True)]
    row["note"] = ". ".join(filter(None, [row["note"], *without]))
    paired = bool(claim.get("paired"))
    if paired:
        shared = sorted(set.intersection(*(set(table.index) for table in used)))
        used = [table.loc[shared] for table in used]
        estimate = estimated() if shared else math.nan
    everyone = [np.arange(len(table)) for table in used]
    repeats = min(map(len, used))
    if math.isnan(estimate):
        return {**row, "repeats": repeats, "note": f"not told. {row['note']}".strip(" .") + "."}
    row |= {"estimate": estimate, "repeats": repeats}
    if repeats < 2:
        return row
    seed = np.random.default_rng([root, zlib.crc32(claim["claim"].encode())])
    interval = stats.bootstrap(
        everyone, resampled, n_resamples=RESAMPLINGS, batch=1000, vectorized=True, paired=paired,
        confidence_level=CONFIDENCE, method="percentile", rng=seed,
    ).confidence_interval  # fmt: skip
    row |= {"low": float(interval.low), "high": float(interval.high)}
    if repeats < LEAST_REPEATS:
        return row
    verdict = of_interval(row["low"], row["high"], bottom, top)
    wanted: float = repeats
    if verdict == "inconclusive":
        wanted = repeats_wanted(resampled, [len(t) for t in used], bottom, top, seed, paired)
    return {**row, "verdict": verdict, "repeats_wanted": wanted}


def _fullest_first(table: pd.DataFrame) -> pd.DataFrame:
    """The repeats that lack no point before those that lack some, else in their order."""
    held = table.notna().sum(axis=1).sort_values(ascending=False, kind="stable")
    return table.loc[held.index]


SYMBOLS = {"learning_rate": "ε", "temperature": "T"}
"""Of the columns of a sweep."""


def _left_out(table: str, every: pd.DataFrame, used: pd.DataFrame, of: Mapping[str, Any]) -> str:
    """The points that have too few repeats, of the N, ε and T that a claim is about; or nothing."""
    names = [str(n) for n in every.columns.names if n not in ("metric", "batch_size")]
    points = every.columns.difference(used.columns).to_frame(index=False)[names]
    asked = np.zeros(len(points), bool)
    for part in _about(table, of):
        one_or_more = {name: part.get(name, part.get(f"{name}s")) for name in names}
        shared = {name: value for name, value in one_or_more.items() if value is not None}
        here = [points[name].isin(np.atleast_1d(value)) for name, value in shared.items()]
        asked |= np.all(here, axis=0)
    points, said = points[asked], []
    along = [name for name in names if name != "temperature"]
    for where, group in points.drop_duplicates().groupby(along):
        place = ", ".join(
            f"{SYMBOLS.get(name, name)} = {value}" for name, value in zip(along, where, strict=True)
        )
        at = ", ".join(f"{value:g}" for value in sorted(group.get("temperature", [])))
        said.append(f"{place} at T = {at}" if at else place)
    return f"{table} without, for want of repeats, {'; '.join(said)}" if said else ""


def _about(table: str, of: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a claim asks of a table: in parts that name it, or as a whole."""
    parts = [
        part for value in of.values() for part in (value if isinstance(value, list) else [value])
    ]
    named = [part for part in parts if isinstance(part, Mapping) and part["table"] == table]
    return [{**of, **part} for part in named] or [of]


def _among(
    claim: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], names: Sequence[str]
) -> Mapping[str, pd.DataFrame]:
    """The named tables with the repeats that a claim is about."""
    if claim.get("separable") is None:
        return tables
    parted = tables[SEPARABLE].iloc[:, 0]
    seeds = parted.index[parted == claim["separable"]]
    return {name: tables[name][tables[name].index.isin(seeds)] for name in names}


def of_interval(low: float, high: float, bottom: float, top: float) -> Verdict:
    """Reproduced when the interval lies within the criterion, not reproduced when outside."""
    if bottom <= low and high <= top:
        return "reproduced"
    if high < bottom or low > top:
        return "not reproduced"
    return "inconclusive"


def repeats_wanted(
    resampled: Callable[..., np.ndarray],
    repeats: Sequence[int],
    bottom: float,
    top: float,
    seed: np.random.Generator,
    paired: bool = False,
) -> float:
    """With how many repeats, like those that there are, the interval would decide.

    Those there are are resampled two, four, ... 64 times as many at once; NaN when even
    that does not decide.
    """
    tail = 100 * (1 - CONFIDENCE) / 2

    def drawn(factor: int) -> list[np.ndarray]:
        if paired:
            return [seed.integers(repeats[0], size=(25, factor * repeats[0]))] * len(repeats)
        return [seed.integers(n, size=(25, factor * n)) for n in repeats]

    for factor in (2, 4, 8, 16, 32, 64):
        found = [resampled(*drawn(factor)) for _ in range(20)]
        low, high = np.percentile(np.concatenate(found), [tail, 100 - tail])
        if of_interval(low, high, bottom, top) != "inconclusive":
            return factor * min(repeats)
    return math.nan


def _bounds(claim: Mapping[str, Any]) -> tuple[float, float]:
    bottom, top = claim["between"]
    return (
        -math.inf if bottom is None else float(bottom),
        math.inf if top is None else float(top),
    )


def _criterion(bottom: float, top: float) -> str:
    if math.isinf(top):
        return f">= {bottom:g}"
    if math.isinf(bottom):
        return f"<= {top:g}"
    return f"{bottom:g} to {top:g}"


def changes(now: pd.DataFrame, before: pd.DataFrame) -> list[str]:
    """What differs between two tables' verdicts, a line each."""
    old = before.set_index("claim")["verdict"]
    new = now.set_index("claim")["verdict"]
    names = list(dict.fromkeys([*old.index, *new.index]))
    return [
        f"{name}: {old.get(name, 'no claim')} -> {new.get(name, 'no claim')}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def text(judged: pd.DataFrame) -> str:
    """The table for a terminal, with how many claims have which verdict."""
    short = judged[["claim", "verdict", "estimate", "low", "high", "criterion", "repeats"]]
    counts = judged["verdict"].value_counts()
    total = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    lines = short.to_string(index=False, na_rep="", float_format=lambda x: f"{x:.4g}")
    return f"{lines}\n{len(judged)} claims: {total}\n"
