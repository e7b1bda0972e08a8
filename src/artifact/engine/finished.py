"""Chains that are finished: found again in earlier jobs or the archive, if they are still ours.

A chain is taken when its law is the one asked for (settings, N, ε, T, B, updates, root seed,
data) and either its code is the same by meaning, or its first updates, which were kept as a few
numbers, come out again to rounding.
"""

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from artifact.records import integrity

Row = dict[Hashable, Any]


class Finished(NamedTuple):
    """The chains of one seed: one a point that ran together.

    Attributes:
        rows: of the sweep's table, with `first`: the distances from the start after the updates
            `chains.FIRST`, as text.
        code: the identity of what they were made by.
        commit: at which.
        seconds: what they took.
    """

    rows: list[Row]
    code: str
    commit: str
    seconds: float

    @property
    def first(self) -> list[list[float]]:
        """The distances of each row."""
        return [[float(value) for value in str(row["first"]).split()] for row in self.rows]


def law(arguments: Mapping[str, Any], data: str) -> str:
    """A hash of all that fixes a chain's law but its seed and the code."""
    content = {key: arguments[key] for key in ("figure", "settings", "points", "updates", "root")}
    text = json.dumps({**content, "data": data}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of_jobs(folder: Path, stem: str, wanted: str) -> dict[int, Finished]:
    """The chains of earlier jobs at one point, by seed.

    Args:
        folder: of a sweep's points.
        stem: how the files of the point begin, up to their seeds.
        wanted: the law.
    """
    found: dict[int, Finished] = {}
    for table, record in _jobs(folder, f"{stem}_seed*.json"):
        if record["law"] == wanted:
            for seed, rows in table.groupby("seed"):
                found[int(str(seed))] = Finished(
                    rows.to_dict("records"),
                    record["settings"]["code"],
                    record["commit"],
                    record["seconds"] / table["seed"].nunique(),
                )
    return found


def _jobs(folder: Path, pattern: str) -> Iterator[tuple[pd.DataFrame, dict[str, Any]]]:
    """The tables of finished jobs, with `first` for each row, and their records."""
    for path in sorted(folder.glob(pattern)):
        record = json.loads(path.read_text(encoding="utf-8"))
        table = path.with_suffix(".csv")
        if "law" in record and table.is_file():
            integrity.verify([path, table])
            yield pd.read_csv(table).assign(first=record["first"]), record


ARCHIVED = ["law", "code", "commit", "versions", "device", "threads", "data", "seconds"]
"""What stands beside a row in the archive, and `first`."""


def of_archive(path: Path, wanted: str) -> dict[int, Finished]:
    """The archived chains of a law, by seed; none where there is no archive."""
    if not path.is_file():
        return {}
    table = pd.read_csv(path, dtype={"law": str, "code": str})
    found: dict[int, Finished] = {}
    for seed, rows in table[table["law"] == wanted].groupby("seed"):
        found[int(str(seed))] = Finished(
            rows.drop(columns=ARCHIVED).to_dict("records"),
            str(rows["code"].iloc[0]),
            str(rows["commit"].iloc[0]),
            float(rows["seconds"].sum()),
        )
    return found


def gathered(folder: Path) -> pd.DataFrame:
    """All finished chains in a folder of points, as the archive keeps them: a row each."""
    parts = [
        table.assign(
            law=record["law"],
            code=record["settings"]["code"],
            commit=record["commit"],
            versions=json.dumps(record["versions"], sort_keys=True),
            device=record["device"]["kind"],
            threads=record["threads"],
            data=record["data"],
            seconds=round(record["seconds"] / len(table), 1),
        )
        for table, record in _jobs(folder, "*.json")
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def merged(archived: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """An archive with new chains in it, which take the place of those of the same law and seed."""
    key = ["law", "N", "learning_rate", "temperature", "seed"]
    parts = [part for part in (archived, new) if part is not None and len(part)]
    both = pd.concat(parts, ignore_index=True)
    order = ["N", "learning_rate", "temperature", "seed", "law"]
    return both.drop_duplicates(key, keep="last").sort_values(order, ignore_index=True)
