"""Writing results whole or not at all."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary name beside `path`, then rename: never half a file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Text as UTF-8."""
    replace(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_bytes(content: bytes, path: Path) -> None:
    """Bytes as they are."""
    replace(path, lambda temporary: temporary.write_bytes(content))


def write_table(table: pd.DataFrame, path: Path) -> None:
    """A table as CSV; floats in the shortest form that reads back to the same number."""
    replace(path, lambda temporary: table.to_csv(temporary, index=False))


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """A mapping as JSON, keys sorted."""
    text = json.dumps(content, indent=2, sort_keys=True, default=str) + "\n"
    write_text(text, path)
