"""Where a result comes from: settings, versions, commit, device, seconds."""

import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from artifact.records import locked

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "pandas", "mlxtend", "snakemake")

VARIABLES = ("JAX_", "XLA_", "CUDA_VISIBLE", "OMP_", "NPROC", "OPENBLAS_", "MKL_")
"""By how they begin: those that may change a number, and are recorded."""


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
        "unlocked": locked.differences(),
        "commit": commit(),
        "device": {"kind": device.device_kind, "platform": device.platform},
        "machine": platform.machine(),
        "threads": threads,
        "environment": {
            name: value for name, value in os.environ.items() if name.startswith(VARIABLES)
        },
        "seconds": round(time.monotonic() - started, 3),
    }


def commit() -> str:
    """The checkout's commit, with "+changes" where tracked files differ.

    "" where these sources are not git's, be it that another repository lies around them; what
    git says where it refuses to tell.
    """
    here = Path(__file__)
    try:
        listed = _git("ls-files", "--error-unmatch", here.name, cwd=here.parent)
        if listed.returncode:
            refused = "dubious ownership" in listed.stderr
            return "git refused: the folder is another user's" if refused else ""
        found = _git("describe", "--always", "--dirty=+changes", "--abbrev=40", cwd=here.parent)
    except OSError:
        return ""
    return found.stdout.strip()


def _git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True)  # noqa: S603, S607
