"""Chains that are finished: found again in earlier jobs or the archive, if they are still ours.

A chain is taken when its law is the one asked for (settings, N, ε, T, B, updates, root seed,
data) and either its code is the same by meaning, or its first updates, which were kept as a few
numbers, come out again to rounding.
"""

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from artifact.records import integrity

Row = dict[Hashable, Any]


class Finished(NamedTuple):
    """The chains of one seed: one a point of a job.

    Attributes:
        rows: of the sweep's table, with `first`: the distances from the start after the updates
            `chains.FIRST`, as text.
        code: the identity of what they were made by.
        commit: at which.
    """

    rows: list[Row]
    code: str
    commit: str


def law(arguments: Mapping[str, Any], data: str) -> str:
    """A hash of all that fixes a chain's law but its seed and the code."""
    content = {key: arguments[key] for key in ("figure", "settings", "points", "updates", "root")}
    text = json.dumps({**content, "data": data}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of_jobs(folder: Path, stem: str, wanted: Sequence[str]) -> dict[int, Finished]:
    """The chains of earlier jobs, by seed, where there is one for each law.

    Args:
        folder: of a sweep's points.
        stem: how the files of the jobs begin.
        wanted: the laws of a job, in the order of its points; one, of points that run together.
    """
    parts = [
        table.assign(code=record["settings"]["code"], commit=record["commit"])
        for table, record in _jobs(folder, f"{stem}_*.json")
    ]
    return _by_seed(pd.concat(parts, ignore_index=True), wanted) if parts else {}


def _by_seed(table: pd.DataFrame, wanted: Sequence[str]) -> dict[int, Finished]:
    # The newest of what was finished twice.
    rows = table[table["law"].isin(wanted)].drop_duplicates(
        ["law", "temperature", "seed"], keep="last"
    )
    rows = rows.sort_values("law", key=lambda laws: laws.map(wanted.index), kind="stable")
    found: dict[int, Finished] = {}
    for seed, own in rows.groupby("seed"):
        if set(own["law"]) == set(wanted):
            made = own[["code", "commit"]].drop_duplicates()
            found[int(str(seed))] = Finished(
                own.drop(columns=ARCHIVED, errors="ignore").to_dict("records"),
                " ".join(dict.fromkeys(made["code"])),
                " ".join(dict.fromkeys(made["commit"].fillna(""))),
            )
    return found


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


def of_archive(path: Path, wanted: Sequence[str]) -> dict[int, Finished]:
    """`of_jobs` of an archive; none where there is no archive."""
    if not path.is_file():
        return {}
    return _by_seed(pd.read_csv(path, dtype={"law": str, "code": str}), wanted)


def gathered(folder: Path) -> pd.DataFrame:
    """All finished chains in a folder of points, as the archive keeps them: a row each."""
    parts = [
        table.assign(
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
