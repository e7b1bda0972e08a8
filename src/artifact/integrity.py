"""Whether a result is still what was written: its SHA-256 stands in its record, sealed too."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class DamagedError(ValueError):
    """Results that are not what was written; its text is one line that names them all."""


def seal(record: Mapping[str, Any], results: Iterable[Path]) -> Record:
    """A record with the SHA-256 of its results, by file name, and of itself.

    Both stand in one file, which is written at once: a kill between two results leaves no
    record that vouches for either.
    """
    sealed = {**record, "sha256": {path.name: _digest(path.read_bytes()) for path in results}}
    return {**sealed, "seal": _seal(sealed)}


def verify(results: Iterable[Path]) -> None:
    """Check results, records among them, against their seals; remove the damaged ones.

    The record of a result is the JSON beside it of the same name, or of that name less its
    last word: fig2.json is of fig2.csv and fig2_runs.csv. What was written before there were
    seals, or has no record, is not checked.

    Raises:
        DamagedError: some are damaged. They are removed, so that Snakemake makes them again.
    """
    damaged = sorted({found for path in results if (found := _damaged(path))})
    refuse(damaged)


def refuse(damaged: Iterable[Path]) -> None:
    """Remove what is damaged and say so, unless it is nothing."""
    named = [str(path) for path in damaged]
    for path in named:
        Path(path).unlink(missing_ok=True)
    if named:
        raise DamagedError(
            f"damaged, and removed: {', '.join(named)}; the same command makes a result again, "
            "and git restores an archived one"
        )


def _damaged(path: Path) -> Path | None:
    """What is damaged of a result and its record, if anything."""
    own = path.with_suffix(".json")
    shared = path.with_name(f"{path.stem.rpartition('_')[0]}.json")
    record_path = next((record for record in (own, shared) if record.is_file()), None)
    if record_path is None:
        return None
    try:
        record = json.loads(record_path.read_bytes())
        sealed = {key: value for key, value in record.items() if key != "seal"}
    except (ValueError, AttributeError):
        return record_path
    if not record.keys() & {"seal", "sha256"}:
        return None
    if record.get("seal") != _seal(sealed):
        return record_path
    if path == record_path:
        return None
    return None if record["sha256"].get(path.name) == _digest(path.read_bytes()) else path


def _seal(record: Record) -> str:
    return _digest(json.dumps(record, sort_keys=True, default=str).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
