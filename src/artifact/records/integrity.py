"""Whether a result is still what was written: its SHA-256 stands in its record, sealed too."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from artifact.records import files
from artifact.refusals import RefusedError

Record = dict[str, Any]


class DamagedError(RefusedError):
    """Results that are not what was written; its text is one line that names them all."""


def seal(record: Mapping[str, Any], results: Iterable[Path]) -> Record:
    """A record with the SHA-256 of its results, by file name, and of itself.

    Both stand in one file, which is written at once: a kill between two results leaves no
    record that vouches for either.
    """
    sealed = {**record, "sha256": {path.name: _digest(path.read_bytes()) for path in results}}
    return {**sealed, "seal": _seal(sealed)}


SUMS = "SHA256SUMS"
"""Of an archive: the digests of all its files, as `sha256sum` writes them."""


def archive(results: Iterable[Path], source: Path, folder: Path) -> None:
    """Copy tables and their records from `source` into an archive, and seal that anew.

    Args:
        results: what is asked for; their records and tables of single repeats go with them.
        source: where they lie.
        folder: the archive's.

    Raises:
        DamagedError: some are damaged.
    """
    named = {path.name for path in results if path.parent == source}
    stems = {Path(name).stem for name in named}
    whole = sorted(
        path
        for path in source.iterdir()
        if path.name in named or (path.stem.removesuffix("_runs") in stems)
    )
    verify(whole)
    folder.mkdir(parents=True, exist_ok=True)
    for path in whole:
        files.write_bytes(path.read_bytes(), folder / path.name)
    seal_archive(folder)


def seal_archive(folder: Path) -> None:
    """Write `SUMS` of what an archive holds."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in _held(folder).items())
    files.write_text(lines, folder / SUMS)


def verify_archive(folder: Path) -> None:
    """Check that an archive holds what it was sealed with, no less and nothing else.

    Raises:
        DamagedError: naming what is missing, altered or added. Nothing is removed: it is git's.
    """
    sums = folder / SUMS
    if not sums.is_file():
        raise DamagedError(f"archive: {sums} is missing; git restores it")
    lines = [line.split("  ", 1) for line in sums.read_text(encoding="utf-8").splitlines()]
    sealed = {name: digest for digest, name in lines}
    held = _held(folder)
    wrong = sorted(name for name in sealed | held if sealed.get(name) != held.get(name))
    if wrong:
        raise DamagedError(
            f"archive: {', '.join(wrong)} of {folder} are not as they were archived; git restores "
            "them (with core.autocrlf off)"
        )


def _held(folder: Path) -> dict[str, str]:
    """The digests of an archive's files, by their names below its folder."""
    files_held = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return {path.relative_to(folder).as_posix(): _digest(path.read_bytes()) for path in files_held}


def verify(results: Iterable[Path]) -> None:
    """Check results, records among them, against their seals; remove the damaged ones.

    The record of a result is the JSON beside it of the same name, or of that name less its
    last word: fig2.json is of fig2.csv and fig2_runs.csv. What was written before there were
    seals, or has no record, is not checked.

    Raises:
        DamagedError: some are missing, or damaged. The latter are removed, so that Snakemake
            makes them again.
    """
    asked = list(results)
    absent = [str(path) for path in asked if not path.exists()]
    if absent:
        raise DamagedError(f"missing: {', '.join(absent)}; the same command makes it again")
    refuse(sorted({found for path in asked if (found := _damaged(path))}))


def refuse(damaged: Iterable[Path]) -> None:
    """Remove what is damaged and say so, unless it is nothing; an archive's file is left.

    Raises:
        DamagedError: there is something.
    """
    paths = [Path(path) for path in damaged]
    kept = [path for path in paths if (path.parent / SUMS).is_file()]
    if kept:
        raise DamagedError(f"damaged: {', '.join(map(str, kept))}; git restores what is archived")
    for path in paths:
        path.unlink(missing_ok=True)
    if paths:
        raise DamagedError(
            f"damaged, and removed: {', '.join(map(str, paths))}; the same command makes it again"
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
