"""What a terminal shows of a run, and what is left where there is none."""

import io
import json
import logging
import os
import pty
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console
from tests.artifact.engine.test_progress import logged, planned

from artifact.engine import display

EVENTS = ("job_info", "progress", "job_finished", "job_error")
MESSAGES = (*EVENTS, "Select jobs to execute...", "told")


@pytest.fixture
def logger():
    """Snakemake's logger: a terminal's handler and a file's."""
    stream, file = io.StringIO(), io.StringIO()
    shown, kept = logging.StreamHandler(stream), logging.StreamHandler(file)
    shown.name, kept.name = display.STREAM, "DefaultLogFileHandler"

    def say():
        for message in MESSAGES:
            event = SimpleNamespace(value=message) if message in EVENTS else None
            record = logging.makeLogRecord({"msg": message, "event": event})
            for handler in (shown, kept):
                handler.handle(record)

    return SimpleNamespace(handlers=[shown, kept], say=say, stream=stream, file=file)


def test_without_a_terminal_jobs_that_go_well_are_counted_and_the_log_has_all(logger, tmp_path):
    assert display.begin(logger.handlers, tmp_path) is None
    logger.say()
    assert logger.stream.getvalue().splitlines() == ["progress", "job_error", "told"]
    assert logger.file.getvalue().splitlines() == list(MESSAGES)


def test_a_logger_that_the_user_chose_is_left_alone(tmp_path):
    chosen = logging.StreamHandler(io.StringIO())
    assert display.begin([chosen], tmp_path) is None
    assert chosen.filters == []


def test_the_line_tells_what_is_done_and_runs_and_when_all_will_be_done(tmp_path):
    logs = [tmp_path / "fig5" / f"{name}.log" for name in ("finished", "midway", "later")]
    logged(logs[0], 100, "01:40<00:00")
    logged(logs[1], 40, "00:40<01:00")
    planned(tmp_path, *logs)
    for width in (200, 60):
        console = Console(file=io.StringIO(), width=width)
        console.print(display.line(tmp_path))
        (line,) = console.file.getvalue().splitlines()
        assert len(line) <= width
        assert "of 3 jobs 1 done, 1 " in line
    console = Console(file=io.StringIO(), width=200)
    console.print(display.line(tmp_path))
    assert "about 2.7 min to go  (x: 40%)" in console.file.getvalue()


def test_on_a_terminal_the_line_is_live_and_messages_stand_above_it(logger, tmp_path, monkeypatch):
    planned(tmp_path, tmp_path / "fig5/later.log")
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", os.fdopen(theirs, "w"))
    shown = display.begin(logger.handlers, tmp_path)
    logger.say()
    shown.refresh()
    shown.stop()
    told = os.read(ours, 10000).decode()
    assert "of 1 jobs 0 done, 1 waiting" in told
    assert "job_error" in told
    assert "job_info" not in told
    assert "progress" not in told
    assert told.endswith("\x1b[?25h") or "\x1b[2K" in told  # the line is gone, the cursor is back


def test_the_ending_tells_verdicts_and_where_the_figures_are(tmp_path):
    results = tmp_path / "results/quick"
    results.mkdir(parents=True)
    table = results / "claims.csv"
    verdicts = ["reproduced", "inconclusive", "inconclusive"]
    pd.DataFrame({"claim": list("abc"), "verdict": verdicts}).to_csv(table)
    # What a job keeps for the next is no record.
    (results / "checkpoints/job/mark").mkdir(parents=True)
    (results / "checkpoints/job/mark/piece.json").write_text('{"made": 1, "seconds": 2.0}')
    made = [Path("figures/fig2.pdf"), Path("figures/fig2.svg"), table, Path("figures/fig1.pdf")]
    told = display.ending(made, results).splitlines()
    assert told[0] == f"Of 3 claims 1 are reproduced, 0 are not, 2 are inconclusive: {table}"
    assert told[1] == "Figures, in figures/: fig1.pdf, fig2.pdf"
    assert len(told) == 2
    assert display.ending(made[:1], results).endswith("A verdict for each claim: snakemake claims")
    (results / "points/fig2").mkdir(parents=True)
    record = {"settings": {"figure": "fig2"}, "seconds": 3.0}
    (results / "points/fig2/job.json").write_text(json.dumps(record))
    told = display.ending(made, results).splitlines()
    assert told[3].split() == ["fig2", "1", "3.0", "3.0"]
