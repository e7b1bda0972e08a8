"""How far jobs are, from their logs, and where their seconds went."""

import json
import os
import time

from artifact import progress


def logged(path, total, done):
    with path.open("w") as log, progress.bar(log, path.stem)(total) as advance:
        advance(done)
    return path


def test_the_overview_tells_what_runs_what_is_done_and_what_was_killed(tmp_path):
    logged(tmp_path / "finished.log", 100, 100)
    logged(tmp_path / "midway.log", 100, 40)
    dead = logged(tmp_path / "dead.log", 100, 7)
    long_ago = time.time() - 2 * progress.STILL
    os.utime(dead, (long_ago, long_ago))
    (tmp_path / "table.log").write_text("no bar here")
    (tmp_path / "empty.log").write_text("")
    lines = progress.overview(tmp_path.glob("*.log")).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("midway: 40%, ")
    assert lines[0].endswith(" to go")
    assert lines[1] == "1 done, 1 running, 1 stopped midway"


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
