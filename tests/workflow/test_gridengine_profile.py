"""What the profile `cluster-generic` makes of Grid Engine's answers, without one."""

import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml

PROFILES = Path(__file__).parents[2] / "profiles"
STATUS = PROFILES / "cluster-generic/status.sh"

TITLE = "job-ID  prior   name       user  state submit/start at     queue  slots ja-task-ID\n---\n"
UNKNOWN = (1, "error: job id 12 not found")
UNREADABLE = (1, "/accounting: No such file or directory")


def listed(state):
    return (
        0,
        f"{TITLE}    112 0.75 snakejob.a me   r  11/26/2026\n     12 0.5 s.sh me {state} 11/26\n",
    )


def records(*ends):
    lines = (f"jobnumber 12\nfailed       {f}\nexit_status  {e}   \n====\n" for f, e in ends)
    return 0, "".join(lines)


@pytest.fixture
def status(tmp_path):
    """Asks the script, with programs that give these answers; tells what it says and deletes."""
    programs = tmp_path / "programs"
    programs.mkdir()

    def ask(job="12", *, qstat=(0, ""), qacct=UNKNOWN, gone=None):
        for name, (code, said) in (("qstat", qstat), ("qacct", qacct), ("qdel", (0, ""))):
            (programs / f"{name}.txt").write_text(said)
            program = programs / name
            called = f'echo "$*" >> {programs}/{name}.called'
            program.write_text(f"#!/bin/sh\n{called}\ncat {programs}/{name}.txt\nexit {code}\n")
            program.chmod(0o755)
        mark = tmp_path / ".snakemake/gridengine/12.gone"
        if gone is not None:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
            os.utime(mark, (time.time() - gone,) * 2)
        run = subprocess.run(
            [STATUS, *job.split()],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        deleted = programs / "qdel.called"
        return run, mark.exists(), deleted.read_text().split() if deleted.exists() else []

    return ask


@pytest.mark.parametrize("state", ["qw", "hqw", "r", "t", "Rq", "Rr", "s", "T", "dr"])
def test_a_job_in_the_queue_runs_whatever_the_accounts_say(status, state):
    run, marked, deleted = status(qstat=listed(state), qacct=records((0, 0)), gone=600)
    assert (run.stdout, run.returncode, marked, deleted) == ("running\n", 0, False, [])


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ([(0, 0)], "success"),
        ([(0, 3)], "failed"),
        ([("100 : assumedly after job", "137 (Killed)")], "failed"),
        ([("37  : qmaster enforced h_rt, h_cpu, or h_vmem limit", 137)], "failed"),
        ([("21  : in recognizing job", 0)], "failed"),
        ([("25  : rescheduling", 0), (0, 0)], "success"),
        ([(0, 0), (0, 1)], "failed"),
    ],
)
def test_a_job_that_ended_is_judged_by_its_last_record(status, ends, says):
    run, marked, _ = status(qacct=records(*ends), gone=1)
    assert (run.stdout, run.returncode, marked) == (f"{says}\n", 0, False)


@pytest.mark.parametrize("qacct", [UNKNOWN, records(("25  : rescheduling", 0))])
def test_a_job_that_is_nowhere_has_failed_after_two_minutes(status, qacct):
    for gone, says in ((None, "running"), (60, "running"), (150, "failed")):
        run, marked, _ = status(qacct=qacct, gone=gone)
        assert (run.stdout, run.returncode) == (f"{says}\n", 0)
        assert marked == (says == "running")


def test_accounts_that_cannot_be_read_are_an_error_and_no_failed_job(status):
    assert status(qacct=UNREADABLE)[0].stdout == "running\n"
    run, _, _ = status(qacct=UNREADABLE, gone=150)
    assert run.returncode == 1
    assert not run.stdout
    assert run.stderr.count("\n") == 1
    assert "must be able to read accounting: /accounting: No such file" in run.stderr


def test_a_master_that_does_not_answer_ends_no_job(status):
    run, _, _ = status(qstat=(1, "unable to contact qmaster"), qacct=records((0, 1)), gone=600)
    assert (run.stdout, run.returncode) == ("running\n", 0)


def test_a_job_that_cannot_start_is_deleted_and_has_failed(status):
    run, _, deleted = status(qstat=listed("Eqw"))
    assert (run.stdout, run.returncode, deleted) == ("failed\n", 0, ["12"])


@pytest.mark.parametrize(
    ("job", "says"),
    [("12x", "job '12x' is not allowed; must be a number"), ("", "0 arguments are not allowed")],
)
def test_what_is_no_job_is_refused_in_a_line(status, job, says):
    run, _, _ = status(job)
    assert run.returncode == 2
    assert says in run.stderr
    assert run.stderr.count("\n") == 1


def test_both_profiles_of_clusters_ask_for_the_same():
    """So that what a test of one shows holds for the other."""
    read = [
        yaml.safe_load((PROFILES / name / "config.yaml").read_text())
        for name in ("slurm", "cluster-generic")
    ]
    kept = [
        {key: value for key, value in profile.items() if not key.startswith(("slurm", "cluster"))}
        for profile in read
    ]
    for profile in kept:
        # GPUs are Slurm's alone; how often to ask is a plugin's matter.
        own = ("executor", "resources", "set-resource-scopes", "seconds-between-status-checks")
        for key in own:
            profile.pop(key, None)
    assert kept[0] == kept[1]
