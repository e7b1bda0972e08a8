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
    """A chain.

    Attributes:
        row: of the sweep's table, with `first`: the distances from the start after the updates
            `chains.FIRST`, as text.
        code: the identity of what it was made by.
        commit: at which.
    """

    row: Row
    code: str
    commit: str


def law(arguments: Mapping[str, Any], data: str) -> str:
    """A hash of all that fixes a chain's law but its seed and the code."""
    content = {key: arguments[key] for key in ("figure", "settings", "points", "updates", "root")}
    text = json.dumps({**content, "data": data}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of_law(wanted: str, *tables: pd.DataFrame) -> dict[tuple[float, int], Finished]:
    """The chains of a law, by T and seed; of what was finished twice that of the last table."""
    found = {}
    for table in tables:
        for row in table[table["law"] == wanted].to_dict("records") if len(table) else ():
            own = {key: value for key, value in row.items() if key not in ARCHIVED}
            commit = "" if pd.isna(row["commit"]) else str(row["commit"])
            name = float(row["temperature"]), int(row["seed"])
            found[name] = Finished(own, str(row["code"]), commit)
    return found


def of_jobs(folder: Path, stem: str) -> pd.DataFrame:
    """The chains of earlier jobs: a row each, with law, first, code and commit.

    Args:
        folder: of a sweep's points.
        stem: how the files of the jobs begin.
    """
    parts = [
        table.assign(code=record["settings"]["code"], commit=record["commit"])
        for table, record in _jobs(folder, f"{stem}_*.json")
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _jobs(folder: Path, pattern: str) -> Iterator[tuple[pd.DataFrame, dict[str, Any]]]:
    """The tables of finished jobs, with `law` and `first` for each row, and their records."""
    for path in sorted(folder.glob(pattern)):
        record = json.loads(path.read_text(encoding="utf-8"))
        table = path.with_suffix(".csv")
        if "law" in record and table.is_file():
            integrity.verify([path, table])
            yield pd.read_csv(table).assign(law=record["law"], first=record["first"]), record


ARCHIVED = ["law", "code", "commit", "versions", "device", "threads", "data", "seconds"]
"""What stands beside a row in the archive, and `first`."""


def of_archive(path: Path, *tables: str) -> pd.DataFrame:
    """All chains of an archive, as `gathered` has them; empty where there are none.

    Args:
        path: the file in which a sweep's chains are kept.
        tables: in the folder above, by name. Where there is no such file yet, the chains are
            those which these were made of.
    """
    if path.is_file():
        return pd.read_csv(path, dtype={"law": str, "code": str})
    parts = [part for name in tables for part in _of_table(path.parents[1], name)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _of_table(folder: Path, name: str) -> Iterator[pd.DataFrame]:
    """Of each job that an archived table was made of its chains, if their laws are known."""
    files = [folder / f"{name}.json", folder / f"{name}_runs.csv"]
    if not all(path.is_file() for path in files):
        return
    integrity.verify(files)
    runs = pd.read_csv(files[1])
    for record in json.loads(files[0].read_text(encoding="utf-8"))["points"]:
        if "law" not in record:
            continue
        made = record["settings"]
        points = pd.DataFrame(made["points"]).rename(columns={"examples": "N"})
        own = runs[runs["seed"].isin(made["seeds"])].merge(
            points[["N", "learning_rate", "temperature"]]
        )
        if len(own) == len(record["law"]):
            yield _with_record(own.assign(law=record["law"], first=record["first"]), record)


def gathered(folder: Path) -> pd.DataFrame:
    """All finished chains in a folder of points, as the archive keeps them: a row each."""
    parts = [_with_record(table, record) for table, record in _jobs(folder, "*.json")]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _with_record(table: pd.DataFrame, record: Mapping[str, Any]) -> pd.DataFrame:
    return table.assign(
        code=record["settings"]["code"],
        commit=record["commit"],
        versions=json.dumps(record["versions"], sort_keys=True),
        device=record["device"]["kind"],
        threads=record["threads"],
        data=record["data"],
        seconds=round(record["seconds"] / len(table), 1),
    )


def merged(archived: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """An archive with new chains in it, which take the place of those of the same law and seed."""
    key = ["law", "N", "learning_rate", "temperature", "seed"]
    parts = [part for part in (archived, new) if len(part)]
    both = pd.concat(parts, ignore_index=True)
    order = ["N", "learning_rate", "temperature", "seed", "law"]
    return both.drop_duplicates(key, keep="last").sort_values(order, ignore_index=True)
