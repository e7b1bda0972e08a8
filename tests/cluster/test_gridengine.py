"""The workflow through a real Grid Engine: the same bytes, whatever happens to its jobs."""

import os
import re
import signal
import time

import pytest
from tests.cluster.conftest import GRIDENGINE, made, start, training
from tests.cluster.gridengine import record
from tests.cluster.slurm import answer
from tests.faults import Table, wait_for
from tests.workflow.conftest import Clone

pytestmark = pytest.mark.cluster

TARGET = "results/smoke/tables/fig5.csv"
SUBMITTED = re.compile(r"Submitted (?:group )?job \S+ with external jobid '(\d+)'")

ONCE = """
rule {name}:
    output: "{name}.txt"
    resources:
        mem_mb=lambda wildcards, attempt: {mem_mb} if attempt == 1 else 1,
        runtime=1,
        attempt=lambda wildcards, attempt: attempt,
    shell: "if [ {{resources.attempt}} -eq 1 ]; then {shell}; fi; touch {{output}}"
"""
"""A rule whose first job does not end well."""
MUCH = 10**9
"""MB, which no node has: such a job waits."""


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


def trained(clone, gridengine, snakemake, log):
    """Grid Engine's number of the job that just now trains points of Fig. 5."""

    def submitted(said):
        ours = SUBMITTED.findall(said)
        return [(job, name) for job, (_, name) in listed(gridengine).items() if job in ours]

    return training(clone, snakemake, log, "fig5", submitted, lambda: running(gridengine))


def test_the_smoke_pipeline_gives_the_bytes_of_a_run_without_grid_engine(
    local, gridengine, tmp_path_factory
):
    clone = Clone(tmp_path_factory.mktemp("gridengine"))
    run = clone.snakemake(*GRIDENGINE, "--config", "scale=smoke", **gridengine)
    assert run.returncode == 0, run.stderr[-5000:]
    everything = ("results/smoke/points/*/*.csv", "results/smoke/tables/*.csv", "figures/fig?.p*")
    assert made(clone, *everything) == made(local, *everything)
    logs = [log.name for log in clone.path.glob(".snakemake/gridengine/*.o*")]
    assert len(logs) == len(SUBMITTED.findall(run.stderr))
    assert sum("points" in log for log in logs) == 1, logs  # of 6 points
    # Neither tables nor plots, nor the data: a node may have no network.
    kinds = ("points", "cnn", "warm_start", "iterates", "prior", "langevin", "ngd_sweep")
    assert all(any(kind in log for kind in kinds) for log in logs), logs


def test_jobs_that_grid_engine_ends_end_in_the_same_bytes(
    local, gridengine, table, tmp_path_factory, tmp_path
):
    clone = Clone(tmp_path_factory.mktemp("struck"))
    log = tmp_path / "snakemake.log"
    snakemake = start(clone, gridengine, log, *GRIDENGINE, "--", TARGET)
    requeued = trained(clone, gridengine, snakemake, log)
    answer(gridengine, "qmod", "-rj", requeued)
    deleted = trained(clone, gridengine, snakemake, log)
    answer(gridengine, "qdel", deleted)
    assert snakemake.wait(900) == 0, log.read_text()[-5000:]
    same = made(clone, TARGET) == made(local, TARGET)
    assert "rescheduling" in record(gridengine, requeued)
    assert re.search(r"^exit_status +137", record(gridengine, deleted), re.M)
    table.add("qmod -rj", same)
    table.add("qdel", same)


def test_jobs_that_do_not_end_well_are_submitted_again(
    gridengine, table, tmp_path_factory, tmp_path
):
    """Each of the four kinds of answer that Grid Engine has for such a job."""
    clone = Clone(tmp_path_factory.mktemp("again"))
    rules = (
        ("fails", 1, "exit 3"),
        ("late", 1, "sleep 900"),
        ("waits", MUCH, "true"),
        ("stuck", MUCH, "true"),
    )
    text = "".join(ONCE.format(name=n, mem_mb=mb, shell=shell) for n, mb, shell in rules)
    (clone.path / "again.smk").write_text(text)
    targets = [f"{name}.txt" for name, _, _ in rules]
    log = tmp_path / "snakemake.log"
    asked = (*GRIDENGINE, "--latency-wait", "5", "--snakefile", "again.smk", "--", *targets)
    snakemake = start(clone, gridengine, log, *asked)

    def first(rule):
        jobs = listed(gridengine).items()
        return next((job for job, (_, name) in jobs if f".{rule}." in name), None)

    waits = wait_for(lambda: first("waits"))
    answer(gridengine, "qdel", waits)
    stuck = wait_for(lambda: first("stuck"))
    wanted = ("-o", "/nowhere/stuck.log", "-l", "mem_free=1M,h_rt=60")
    answer(gridengine, "qalter", *wanted, stuck)
    late = wait_for(lambda: first("late"))

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
    local, gridengine, table, tmp_path_factory, tmp_path
):
    clone = Clone(tmp_path_factory.mktemp("stopped"))
    log = tmp_path / "snakemake.log"
    asked = (*GRIDENGINE, "--", TARGET)
    # As a terminal does: a group of its own, in which nothing ignores Ctrl-C.
    terminal = {
        "process_group": 0,
        "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    }
    snakemake = start(clone, gridengine, log, *asked, **terminal)
    trained(clone, gridengine, snakemake, log)
    os.killpg(snakemake.pid, signal.SIGINT)
    assert snakemake.wait(60) != 0
    wait_for(lambda: not listed(gridengine), seconds=60)

    snakemake = start(clone, gridengine, log, *asked)
    left = trained(clone, gridengine, snakemake, log)
    snakemake.kill()
    snakemake.wait()
    time.sleep(2)
    assert left in running(gridengine)
    unlock = clone.make("unlock", **gridengine)
    assert unlock.returncode == 0, unlock.stderr
    wait_for(lambda: not listed(gridengine), seconds=60)
    assert start(clone, gridengine, log, *asked).wait(900) == 0, log.read_text()[-5000:]
    same = made(clone, TARGET) == made(local, TARGET)
    table.add("Ctrl-C of Snakemake", same)
    table.add("kill -9 of Snakemake, its jobs left with Grid Engine", same)
