"""A clean clone, and Snakemake in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.workflow import forks

ROOT = Path(__file__).parents[2]


class Clone:
    """A copy of what git knows of the tree, without results, figures or environment."""

    def __init__(self, path: Path):
        self.path = path
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, path / name)

    def snakemake(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run `snakemake ARGUMENTS` here, on this copy's own sources."""
        return forks.run(self.path, *arguments, **environment)

    def make(self, target: str, **environment: str) -> subprocess.CompletedProcess:
        """Run `make TARGET` here, in the environment of the tests."""
        programs = f"BIN={Path(sys.executable).parent}"
        inherited = {k: v for k, v in os.environ.items() if not k.endswith("MNIST_DIR")}
        return subprocess.run(
            ["make", "--old-file=.venv/.complete", programs, target],
            cwd=self.path,
            env={**inherited, "PYTHONPATH": str(self.path / "src"), **environment},
            capture_output=True,
            text=True,
            timeout=1800,
        )

    def planned(self, *arguments: str) -> dict[str, int]:
        """Which rules a dry run would run, and how many jobs of each."""
        run = self.snakemake("--dry-run", *arguments)
        assert run.returncode == 0, run.stderr
        lines = (run.stdout + run.stderr).splitlines()
        if any("Nothing to be done" in line for line in lines):
            return {}
        start = next(i for i, line in enumerate(lines) if line.split() == ["job", "count"])
        table = [line.split() for line in lines[start + 2 :]]
        counts = {row[0]: int(row[1]) for row in table[: table.index([])]}
        del counts["total"]
        return counts


@pytest.fixture(scope="session")
def clone(tmp_path_factory) -> Clone:
    """A clean clone in which nothing has run."""
    return Clone(tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="session")
def smoke(tmp_path_factory) -> Clone:
    """A clone in which the whole smoke pipeline has run, from nothing."""
    clone = Clone(tmp_path_factory.mktemp("smoke"))
    run = clone.snakemake("--config", "scale=smoke")
    assert run.returncode == 0, run.stderr[-5000:]
    return clone
