"""The schedulers for the tests in this folder, and what they compare with."""

import subprocess
import sys
import time

import pytest
from tests.cluster import gridengine as local_gridengine
from tests.cluster import slurm as local_slurm
from tests.workflow.conftest import Clone

ASKED_OFTEN = ("--seconds-between-status-checks", "1")
SLURM = (
    *("--workflow-profile", "profiles/slurm"),
    "--slurm-no-account",
    *("--slurm-init-seconds-before-status-checks", "1"),
    *ASKED_OFTEN,
)
GRIDENGINE = ("--workflow-profile", "profiles/cluster-generic", *ASKED_OFTEN)
POINT = "results/smoke/points/fig2/N200_eps0.1_seed0-1.csv"
TARGETS = ("results/smoke/tables/fig5.csv", "results/smoke/tables/fig7b.csv")


@pytest.fixture(scope="session")
def slurm():
    """The environment in which a Slurm of this machine is found."""
    with local_slurm.running() as environment:
        yield environment


@pytest.fixture(scope="session")
def gridengine():
    """The environment in which a Grid Engine of this machine is found."""
    with local_gridengine.running() as environment:
        yield environment


@pytest.fixture(scope="session")
def local(tmp_path_factory) -> Clone:
    """A clone in which the whole smoke pipeline has run, without a scheduler."""
    clone = Clone(tmp_path_factory.mktemp("local"))
    run = clone.snakemake("--config", "scale=smoke")
    assert run.returncode == 0, run.stderr[-5000:]
    return clone


def made(clone, *patterns):
    """What a run made that must not depend on where it ran: tables and figures, to the byte."""
    found = [path for pattern in patterns for path in clone.path.glob(pattern)]
    assert len(found) >= len(patterns)
    return {str(path.relative_to(clone.path)): path.read_bytes() for path in found}


def start(clone, environment, log, *arguments, **options):
    """`snakemake ARGUMENTS` at the scale `smoke`, at work; what it says goes to `log`."""
    environment = {**environment, "PYTHONPATH": str(clone.path / "src")}
    command = [sys.executable, "-m", "snakemake", "--config", "scale=smoke", *arguments]
    with log.open("w") as told:
        return subprocess.Popen(
            command,
            cwd=clone.path,
            env=environment,
            stdout=told,
            stderr=subprocess.STDOUT,
            **options,
        )


def training(clone, snakemake, log, figure, submitted, running):
    """The scheduler's number of the job that just now trains points of a figure.

    Args:
        submitted: finds what Snakemake says of a submission: a number and what its job is.
        running: gives the numbers of the jobs that run.
    """
    end = time.monotonic() + 600
    wanted = {"fig5": "points", "fig7": "cnn"}[figure]
    while time.monotonic() < end:
        assert snakemake.poll() is None, "snakemake has ended"
        logs = clone.path.glob(f"results/smoke/logs/{figure}/*.log")
        if any(log.stat().st_size for log in logs):
            now = running()
            ours = [n for n, kind in submitted(log.read_text()) if wanted in kind and n in now]
            if ours:
                return ours[0]
        time.sleep(0.2)
    raise AssertionError(f"no job of {figure} came to run")
