"""What a terminal shows of a run: one line that keeps itself up to date. The log has all."""

import logging
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from artifact.claims import findings
from artifact.engine import progress

STREAM = "DefaultStreamHandler"
"""Snakemake's name for what writes to the terminal; beside it a file has the log."""

QUIET = ("job_info", "group_info", "shellcmd", "job_started", "job_finished", "resources_info")
"""What Snakemake says of every job that goes well: a stanza of its files."""

RECORDS = ("data", "points", "tables")
"""The folders of results/<scale> where jobs leave their records."""

CHATTER = ("Select jobs to execute", "Execute ")
"""How lines begin that Snakemake says between jobs, and that have no event."""


def begin(handlers: Iterable[logging.Handler], logs: Path) -> Live | None:
    """From here on show how far jobs are instead of a stanza for each.

    Where there is no terminal, Snakemake's count of steps is left, a line a job; of a logger that
    the user chose, everything is.

    Args:
        handlers: of Snakemake's logger.
        logs: the folder of all logs, with the plan.

    Returns:
        What to stop at the end, if it is live.
    """
    streams = [handler for handler in handlers if handler.name == STREAM]
    console = Console(stderr=True)
    live = console.is_terminal and bool(streams)
    hidden = (*QUIET, "progress") if live else QUIET
    for handler in streams:
        handler.addFilter(
            lambda record: (
                _event(record) not in hidden and not record.getMessage().startswith(CHATTER)
            )
        )
    if not live:
        return None
    shown = Live(
        get_renderable=lambda: line(logs), console=console, transient=True, refresh_per_second=0.5
    )
    shown.start()
    for handler in streams:
        # What was `sys.stderr` writes into the line; what is now, above it.
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)
    return shown


def _event(record: logging.LogRecord) -> str:
    event = getattr(record, "event", None)
    return str(getattr(event, "value", event)).lower()


def line(logs: Path) -> Table:
    """A bar, the counts, when all will be done, and what runs."""
    jobs = progress.survey(logs)
    running = [job for job in jobs if job.state == "running"]
    done = sum(job.state == "done" for job in jobs)
    told = progress.total(jobs)
    if running:
        told += f"  ({'; '.join(job.name for job in running)})"
    row = Table.grid(padding=(0, 1))
    row.add_row(
        ProgressBar(total=max(len(jobs), 1), completed=done, width=24),
        Text(told, no_wrap=True, overflow="ellipsis"),
    )
    return row


def ending(made: Sequence[Path], results: Path) -> str:
    """What a run that went well has to tell: its seconds, its verdicts, where its figures are.

    Args:
        made: all files that were asked for, be they of this run or there already.
        results: results/<scale>.
    """
    told = []
    records = (path for folder in RECORDS for path in (results / folder).rglob("*.json"))
    if spent := progress.seconds(records):
        told.append(f"Seconds of all jobs at the scale {results.name}:\n{spent}")
    verdicts = [path for path in made if path.name == "claims.csv"]
    told += [f"{findings.total(pd.read_csv(path))}: {path}" for path in verdicts]
    figures = sorted(path for path in made if path.suffix == ".pdf")
    if figures:
        names = ", ".join(path.name for path in figures)
        told.append(f"Figures, in {figures[0].parent}/: {names}")
        if not verdicts:
            told.append("A verdict for each claim: snakemake claims")
    return "\n".join(told)
