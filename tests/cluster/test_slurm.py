"""The workflow through a real Slurm: the same bytes, whatever happens to its jobs."""

import contextlib
import os
import re
import signal
import socket

import pytest
from tests.cluster.conftest import POINT, SLURM, TARGETS, made, start, training
from tests.cluster.slurm import answer, steps
from tests.faults import Table, wait_for
from tests.workflow.conftest import Clone

pytestmark = pytest.mark.cluster

SUBMITTED = re.compile(r"submitted with SLURM jobid (\d+) \(log: \S*?/slurm_logs/(\S+)/\d+\.log")


@pytest.fixture(scope="module")
def table():
    return Table("make test-cluster")


def running(slurm):
    """Slurm's numbers of the jobs that run."""
    return answer(slurm, "squeue", "--noheader", "--states=RUNNING", "-o", "%i").split()


def trained(clone, slurm, snakemake, log, figure):
    """Slurm's number of the job that just now trains points of a figure."""
    return training(clone, snakemake, log, figure, SUBMITTED.findall, lambda: running(slurm))


def test_the_smoke_pipeline_gives_the_bytes_of_a_run_without_slurm(local, slurm, tmp_path_factory):
    clone = Clone(tmp_path_factory.mktemp("slurm"))
    run = clone.snakemake(*SLURM, "--config", "scale=smoke", PATH=slurm["PATH"])
    assert run.returncode == 0, run.stderr[-5000:]
    everything = ("results/smoke/points/*/*.csv", "results/smoke/tables/*.csv", "figures/fig?.p*")
    assert made(clone, *everything) == made(local, *everything)
    submissions = [kind for _, kind in SUBMITTED.findall(run.stderr)]
    assert sum("group_points" in kind for kind in submissions) == 1, submissions  # of 6 points
    # Neither tables nor plots, nor the data: a node may have no network.
    kinds = ("group_points", "cnn", "warm_start", "iterates", "prior", "langevin", "ngd_sweep")
    assert all(any(kind in each for kind in kinds) for each in submissions), submissions


def test_jobs_that_slurm_ends_in_any_way_end_in_the_same_bytes(
    local, slurm, table, tmp_path_factory, tmp_path
):
    clone = Clone(tmp_path_factory.mktemp("struck"))
    log = tmp_path / "snakemake.log"
    snakemake = start(clone, slurm, log, *SLURM, "--", *TARGETS)

    requeued = trained(clone, slurm, snakemake, log, "fig5")
    answer(slurm, "scontrol", "requeue", requeued)
    cancelled = trained(clone, slurm, snakemake, log, "fig7")
    answer(slurm, "scancel", cancelled)
    lost = trained(clone, slurm, snakemake, log, "fig7")
    node = f"NodeName={socket.gethostname()}"
    answer(slurm, "scontrol", "update", node, "State=DOWN", "Reason=test")
    # A job that starts again where it still ends drains the node.
    wait_for(lambda: not running(slurm) and not steps(slurm), seconds=120)
    answer(slurm, "scontrol", "update", node, "State=RESUME")
    # It would end before Slurm looks at the clock, twice a minute, so it is made to hang.
    late = trained(clone, slurm, snakemake, log, "fig7")
    for line in answer(slurm, "scontrol", "listpids", late).splitlines()[1:]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(line.split()[0]), signal.SIGSTOP)
    answer(slurm, "scontrol", "update", f"JobId={late}", "EndTime=now")

    assert snakemake.wait(900) == 0, log.read_text()[-5000:]
    same = made(clone, *TARGETS) == made(local, *TARGETS)
    for fault, job, state in (
        # Once more, where it runs again when the node goes down.
        ("scontrol requeue", requeued, "Restarts=[12]"),
        ("scancel", cancelled, "JobState=CANCELLED"),
        ("a node that goes down", lost, "Restarts=1"),
        ("a job that hangs until its time limit", late, "JobState=TIMEOUT"),
    ):
        assert re.search(state, answer(slurm, "scontrol", "show", "job", job)), fault
        table.add(fault, same)


def test_a_killed_snakemake_goes_on_after_what_the_documentation_says(
    local, slurm, table, tmp_path_factory, tmp_path
):
    clone = Clone(tmp_path_factory.mktemp("killed"))
    log = tmp_path / "snakemake.log"
    snakemake = start(clone, slurm, log, *SLURM, "--", *TARGETS)
    left = trained(clone, slurm, snakemake, log, "fig5")
    snakemake.kill()
    snakemake.wait()
    assert "JobState=RUNNING" in answer(slurm, "scontrol", "show", "job", left)
    unlock = clone.make("unlock", PATH=slurm["PATH"])
    assert unlock.returncode == 0, unlock.stderr
    wait_for(lambda: "JobState=CANCELLED" in answer(slurm, "scontrol", "show", "job", left))
    assert start(clone, slurm, log, *SLURM, "--", *TARGETS).wait(900) == 0, log.read_text()[-5000:]
    same = made(clone, *TARGETS) == made(local, *TARGETS)
    table.add("kill -9 of Snakemake, its jobs left with Slurm", same)


def test_only_what_asks_for_a_gpu_goes_where_one_is(slurm, tmp_path_factory):
    """The GPU is a fake one: Slurm hands it out, and nothing could compute on it."""
    clone = Clone(tmp_path_factory.mktemp("routes"))
    rule = 'rule {name}:\n output: "{name}.txt"\n resources: gpu={gpu}\n shell: "{shell}"\n'
    shell = "echo $SLURM_JOB_PARTITION ${{CUDA_VISIBLE_DEVICES:-}} > {output}"
    rules = [rule.format(name=n, gpu=g, shell=shell) for n, g in (("cnn", 1), ("plain", 0))]
    (clone.path / "routes.smk").write_text("\n".join(rules))
    targets = ("--snakefile", "routes.smk", "--retries", "0", "--", "cnn.txt", "plain.txt")
    run = clone.snakemake(*SLURM, *targets, PATH=slurm["PATH"])
    assert run.returncode == 0, run.stderr[-5000:]
    assert (clone.path / "cnn.txt").read_text().split() == ["gpu", "0"]
    assert (clone.path / "plain.txt").read_text().split() == ["cpu"]


def test_a_training_job_that_finds_no_gpu_fails_and_says_so(slurm, tmp_path_factory):
    clone = Clone(tmp_path_factory.mktemp("gpu"))
    asked = ("--config", "scale=smoke", "device=gpu", "--retries", "0", "--", POINT)
    run = clone.snakemake(*SLURM, *asked, PATH=slurm["PATH"])
    assert run.returncode != 0
    ((number, _),) = SUBMITTED.findall(run.stderr)
    job = answer(slurm, "scontrol", "show", "job", number)
    assert "Partition=gpu" in job
    assert "gres:gpu:1" in job
    told = "".join(log.read_text() for log in clone.path.glob(".snakemake/slurm_logs/*/**/*.log"))
    assert "config: device = 'gpu' is not allowed here; must be cpu, since" in told
    assert "JobState=FAILED" in job
    assert not (clone.path / POINT).exists()
