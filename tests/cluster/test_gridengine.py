"""The workflow through a real Grid Engine: the same bytes, whatever happens to its jobs."""

import os
import re
import signal

import pytest
from tests.cluster.conftest import GRIDENGINE, made, start, training
from tests.cluster.gridengine import record
from tests.cluster.slurm import answer
from tests.faults import Table, wait_for
from tests.workflow.conftest import Clone

pytestmark = pytest.mark.cluster

SUBMITTED = re.compile(r"Submitted (?:group )?job \S+ with external jobid '(\d+)'")

RULE = """
rule {name}:
    output: "{name}.txt"
    resources:
        mem_mb=lambda wildcards, attempt: {mem_mb} if attempt == 1 else 1,
        runtime=2,
        attempt=lambda wildcards, attempt: attempt,
    shell: "if [ {{resources.attempt}} -eq 1 ]; then {shell}; fi; touch {{output}}"
"""
"""A rule whose first job, at least, does as it is told."""
MUCH = 10**9
"""MB, which no node has: such a job waits."""


def small(path, *rules):
    """A clone with rules of this kind in `small.smk`, and the arguments that ask for them all."""
    clone = Clone(path)
    made = (RULE.format(name=name, mem_mb=mem_mb, shell=shell) for name, mem_mb, shell in rules)
    (clone.path / "small.smk").write_text("".join(made))
    asked = (*GRIDENGINE, "--latency-wait", "5", "--snakefile", "small.smk")
    return clone, (*asked, "--", *(f"{name}.txt" for name, _, _ in rules))


@pytest.fixture(scope="module")
def table():
    return Table("make test-cluster, Grid Engine")


def listed(gridengine):
    """Each job that waits or runs: its number, its state and its whole name."""
    jobs = {}
    for line in answer(gridengine, "qstat", "-u", "*").splitlines()[2:]:
        number, _, _, _, state = line.split()[:5]
        told = answer(gridengine, "qstat", "-j", number)
        name = re.search(r"^job_name: +(\S+)", told, re.M)
        jobs[number] = (state, name[1] if name else "")
    return jobs


def running(gridengine):
    return [number for number, (state, _) in listed(gridengine).items() if "r" in state]


def job_of(gridengine, rule, state=""):
    """The number of a job of a rule, once there is one in this state."""

    def find():
        jobs = listed(gridengine).items()
        return next((job for job, (s, name) in jobs if f".{rule}." in name and state in s), None)

    return wait_for(find)


def test_the_smoke_pipeline_gives_the_bytes_of_a_run_without_grid_engine(
    local, gridengine, table, tmp_path_factory, tmp_path
):
    """Although a job is sent back to the queue, and one is deleted."""
    clone = Clone(tmp_path_factory.mktemp("gridengine"))
    log = tmp_path / "snakemake.log"
    snakemake = start(clone, gridengine, log, *GRIDENGINE)

    def submitted(said):
        ours = SUBMITTED.findall(said)
        return [(job, name) for job, (_, name) in listed(gridengine).items() if job in ours]

    def trained(figure):
        return training(clone, snakemake, log, figure, submitted, lambda: running(gridengine))

    requeued = trained("fig5")
    answer(gridengine, "qmod", "-rj", requeued)
    deleted = trained("fig7")
    answer(gridengine, "qdel", deleted)
    assert snakemake.wait(1800) == 0, log.read_text()[-5000:]
    assert re.search(r"^failed +25 ", record(gridengine, requeued), re.M)
    assert re.search(r"^exit_status +137", record(gridengine, deleted), re.M)

    everything = ("results/smoke/points/*/*.csv", "results/smoke/tables/*.csv", "figures/fig?.p*")
    same = made(clone, *everything) == made(local, *everything)
    table.add("qmod -rj", same)
    table.add("qdel", same)
    logs = [log.name for log in clone.path.glob(".snakemake/gridengine/*.o*")]
    assert sum("points" in log for log in logs) == 1, logs  # of 6 points
    # Neither tables nor plots, nor the data: a node may have no network.
    kinds = ("points", "cnn", "warm_start", "iterates", "prior", "langevin", "ngd_sweep")
    assert all(any(kind in log for kind in kinds) for log in logs), logs


def test_jobs_that_do_not_end_well_are_submitted_again(
    gridengine, table, tmp_path_factory, tmp_path
):
    rules = (
        ("fails", 1, "exit 3"),
        ("late", 1, "sleep 900"),
        ("waits", MUCH, "true"),
        ("stuck", MUCH, "true"),
    )
    clone, asked = small(tmp_path_factory.mktemp("again"), *rules)
    log = tmp_path / "snakemake.log"
    snakemake = start(clone, gridengine, log, *asked)
    waits = job_of(gridengine, "waits")
    answer(gridengine, "qdel", waits)
    stuck = job_of(gridengine, "stuck")
    wanted = ("-o", "/nowhere/stuck.log", "-l", "mem_free=1M,h_rt=120")
    answer(gridengine, "qalter", *wanted, stuck)
    late = job_of(gridengine, "late")

    assert snakemake.wait(600) == 0, log.read_text()[-5000:]
    said = log.read_text()
    assert f"job {stuck} cannot start" in said, said
    assert not answer(gridengine, "qacct", "-j", waits)
    assert re.search(r"^failed .* enforced h_rt", record(gridengine, late), re.M)
    assert len(SUBMITTED.findall(said)) == 2 * len(rules)
    for fault, rule in (
        ("a job that fails", "fails"),
        ("a job at its time limit", "late"),
        ("qdel of a job that waits", "waits"),
        ("a job that cannot start (Eqw)", "stuck"),
    ):
        table.add(fault, (clone.path / f"{rule}.txt").exists())


def test_a_stopped_snakemake_goes_on_after_what_the_documentation_says(
    gridengine, table, tmp_path_factory, tmp_path
):
    rules = (("runs", 1, "sleep 30"), ("waits", MUCH, "true"))
    clone, asked = small(tmp_path_factory.mktemp("stopped"), *rules)
    log = tmp_path / "snakemake.log"

    # As in a terminal: a group of processes, in which nothing ignores Ctrl-C. Snakemake forgets the
    # jobs that it asks for just then, so it is not to ask for any.
    heard = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    seldom = [word if word != "1" else "60" for word in asked]
    snakemake = start(clone, gridengine, log, *seldom, process_group=0, preexec_fn=heard)
    job_of(gridengine, "waits")
    interrupted = job_of(gridengine, "runs", "r")
    os.killpg(snakemake.pid, signal.SIGINT)
    assert snakemake.wait(120) != 0  # for its pause between two questions
    wait_for(lambda: not listed(gridengine), seconds=60)
    assert re.search(r"^exit_status +137", record(gridengine, interrupted), re.M)
    table.add("Ctrl-C of Snakemake, which deletes its jobs", not (clone.path / "runs.txt").exists())

    snakemake = start(clone, gridengine, log, *asked)
    job_of(gridengine, "waits")
    left = job_of(gridengine, "runs", "r")
    snakemake.kill()
    snakemake.wait()
    assert left in running(gridengine)
    unlock = clone.make("unlock", **gridengine)
    assert unlock.returncode == 0, unlock.stderr
    wait_for(lambda: not listed(gridengine), seconds=60)

    snakemake = start(clone, gridengine, log, *asked)
    answer(gridengine, "qalter", "-l", "mem_free=1M,h_rt=120", job_of(gridengine, "waits"))
    assert snakemake.wait(600) == 0, log.read_text()[-5000:]
    done = all((clone.path / f"{name}.txt").exists() for name, _, _ in rules)
    table.add("kill -9 of Snakemake, its jobs left with Grid Engine", done)
