"""How far jobs are, from their logs, and where their seconds went."""

import json
import math
import os
import subprocess
import sys
import time

import pytest

from artifact.engine import progress


def logged(log, percent, clock, seconds_ago=0.0):
    """A log whose bar is at `percent`, with tqdm's clock."""
    log.parent.mkdir(parents=True, exist_ok=True)
    bars = [
        "x:   0%|  | 0/9 [00:00<?, ?updates/s]",
        f"x:  {percent}%|##| 1/9 [{clock}, 5updates/s]",
    ]
    log.write_text("\r".join(bars))
    os.utime(log, (time.time() - seconds_ago,) * 2)


def planned(folder, *logs):
    progress.plan(map(str, logs), folder)
    os.utime(folder / progress.PLAN, (time.time() - 3600,) * 2)


def test_a_bar_is_read_back(tmp_path):
    log = tmp_path / "fig5/T1.log"
    log.parent.mkdir()
    with log.open("w") as stream, progress.bar(stream, "fig5 T1")(100) as advance:
        advance(40)
        planned(tmp_path, log)
        stream.flush()
        assert progress.overview(tmp_path).splitlines()[0].startswith("fig5 T1: ")
        advance(60)
    assert progress.overview(tmp_path).splitlines() == ["of 1 jobs 1 done"]


def test_the_overview_tells_what_runs_is_done_was_killed_and_waits_and_for_how_long(tmp_path):
    names = ("finished", "midway", "dead", "later", "earlier")
    logs = [tmp_path / "fig5" / f"{name}.log" for name in names]
    finished, midway, dead, _, earlier = logs
    logged(finished, 100, "01:40<00:00")
    logged(midway, 40, "00:40<01:00")
    logged(dead, 7, "00:07<01:33", 2 * progress.STILL)
    logged(earlier, 100, "00:01<00:00", 2 * 3600)  # of the run before
    planned(tmp_path, *logs)
    lines = progress.overview(tmp_path).splitlines()
    assert lines[0] == "x: 40%, 1.0 min to go"
    # 100 s a job: 60 of the one that runs, and three times 100.
    total = "of 5 jobs 1 done, 1 running, 1 stopped midway, 2 waiting; about 6.0 min to go"
    assert lines[1:] == [total]


def test_jobs_at_a_time_divide_what_is_left_but_not_the_longest(tmp_path):
    logs = [tmp_path / f"fig{n}" / "a.log" for n in (5, 6, 7)]
    logged(logs[0], 50, "10:00<10:00")
    logged(logs[1], 50, "1:00:00<1:00:00")
    planned(tmp_path, *logs[:2])
    assert progress.overview(tmp_path).endswith("2 running; about 1.0 h to go")
    planned(tmp_path, *logs)  # of Fig. 7 nothing is known: a job takes 70 min on average
    assert progress.overview(tmp_path).endswith("1 waiting; about 1.2 h to go")


def test_where_nothing_tells_how_long_nothing_is_said(tmp_path):
    planned(tmp_path, tmp_path / "fig5/a.log")
    assert progress.overview(tmp_path) == "of 1 jobs 0 done, 1 waiting"


def test_as_a_program_it_prints_the_overview_or_that_there_is_none(tmp_path):
    command = [sys.executable, "-m", "artifact.engine.progress", str(tmp_path)]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr == f"progress: no run has begun in {tmp_path}\n"
    planned(tmp_path, tmp_path / "fig5/a.log")
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout == "of 1 jobs 0 done, 1 waiting\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.14, "3.1 s"), (90, "1.5 min"), (7200, "2.0 h"), (math.nan, "?")]
)
def test_durations_are_told_in_the_unit_that_reads_best(seconds, text):
    assert progress.duration(seconds) == text


def test_the_seconds_are_told_by_figure_the_longest_first(tmp_path):
    jobs = [("a", "fig5", 2.0), ("b", "fig7", 90.04), ("c", "fig5", 3.0)]
    for name, figure, seconds in jobs:
        record = {"settings": {"figure": figure}, "seconds": seconds}
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
    (tmp_path / "fig1.json").write_text(json.dumps({"settings": {}, "seconds": 1.0}))
    (tmp_path / "fig5.json").write_text(json.dumps({"points": [], "seconds": 5.0}))
    rows = [row.split() for row in progress.seconds(tmp_path.glob("*.json")).splitlines()]
    assert rows[-3:] == [
        ["fig7", "1", "90.0", "90.0"],
        ["fig5", "2", "5.0", "3.0"],
        ["fig1", "1", "1.0", "1.0"],
    ]
    assert progress.seconds([]) == ""
