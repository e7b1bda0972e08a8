"""Where a result comes from: settings, versions, commit, device, seconds."""

import importlib.metadata
import platform
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "pandas", "mlxtend", "snakemake")


def describe(
    settings: Mapping[str, Any], data: str, started: float, threads: int
) -> dict[str, Any]:
    """The record that stands beside a result.

    Args:
        settings: everything that fixed its numbers, the root seed too.
        data: the data set, as a figure is to be stamped with.
        started: `time.monotonic()` when the job began.
        threads: what it was allowed.
    """
    device = jax.devices()[0]
    return {
        "settings": dict(settings),
        "data": data,
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in PACKAGES},
        },
        "commit": commit(),
        "device": {"kind": device.device_kind, "platform": device.platform},
        "machine": platform.machine(),
        "threads": threads,
        "seconds": round(time.monotonic() - started, 3),
    }


def commit() -> str:
    """The checkout's commit, with "+changes" where tracked files differ; "" outside git."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+changes", "--abbrev=40"],  # noqa: S607
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()
