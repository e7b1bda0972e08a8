"""A Slurm for the tests in this folder, and what they compare with."""

import pytest
from tests.cluster import slurm as local_slurm
from tests.workflow.conftest import Clone

ASKED_OFTEN = (
    "--slurm-no-account",
    *("--slurm-init-seconds-before-status-checks", "1"),
    *("--seconds-between-status-checks", "1"),
)
PROFILE = ("--workflow-profile", "profiles/slurm", *ASKED_OFTEN)


@pytest.fixture(scope="session")
def slurm():
    """The environment in which a Slurm of this machine is found."""
    with local_slurm.running() as environment:
        yield environment


@pytest.fixture(scope="session")
def local(tmp_path_factory) -> Clone:
    """A clone in which the whole smoke pipeline has run, without Slurm."""
    clone = Clone(tmp_path_factory.mktemp("local"))
    run = clone.snakemake("--config", "scale=smoke")
    assert run.returncode == 0, run.stderr[-5000:]
    return clone
