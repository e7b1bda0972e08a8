"""How far jobs are: a bar in each log, all of them together, and where the seconds went."""

import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

import pandas as pd
from tqdm import tqdm

from artifact.records import files

Advance = Callable[[int], object]
Progress = Callable[[int], AbstractContextManager[Advance]]
"""`with progress(total) as advance`, then `advance(done)` as often as work is done."""

BAR = re.compile(
    r"^(?P<name>.+?): +(?P<percent>\d+)%\|.*\[(?P<spent>[\d:]+)<(?P<left>[\d:]+|\?), [^\]]*\]$"
)

STILL = 600.0
"""Seconds after which a log that stands still is of a job that was killed."""

PLAN = "planned.txt"
"""Beside the logs: those of the jobs that the last call of Snakemake set out to run."""


def bar(log: TextIO, name: str) -> Progress:
    """A bar of updates in `log`, renewed every few seconds."""

    @contextmanager
    def progress(total: int) -> Iterator[Advance]:
        with tqdm(
            total=total,
            desc=name,
            unit="updates",
            file=log,
            ascii=True,
            mininterval=5,
            disable=False,  # whatever TQDM_DISABLE says: `overview` reads it
        ) as updates:
            yield updates.update

    return progress


def plan(logs: Iterable[str], folder: Path) -> None:
    """Write down whose logs are to come, for `overview`.

    Args:
        logs: one a job, as Snakemake names them.
        folder: of all logs.
    """
    files.write_text("".join(f"{log}\n" for log in logs), folder / PLAN)


class Job(NamedTuple):
    """A job by its log: its figure, its state, and how many seconds it has run and will."""

    name: str
    figure: str
    state: str
    spent: float = math.nan
    left: float = math.nan


def overview(folder: Path) -> str:
    """What runs and how far it is, a line a job; and a line for all: done, to do, for how long.

    What is left of a job that has not begun is taken for as much as one of its figure takes, or
    one of any; jobs are taken to go on as many at a time as now.

    Args:
        folder: of all logs, with the plan.

    Raises:
        FileNotFoundError: no run has begun there.
    """
    jobs = survey(folder)
    lines = [f"{job.name}, {duration(job.left)} to go" for job in jobs if job.state == "running"]
    return "\n".join([*lines, total(jobs)])


def survey(folder: Path) -> list[Job]:
    """The jobs of the last call of Snakemake, in the order in which they were planned.

    Raises:
        FileNotFoundError: no run has begun there.
    """
    planned = folder / PLAN
    begun = planned.stat().st_mtime
    return [_job(Path(line), begun) for line in planned.read_text(encoding="utf-8").splitlines()]


def total(jobs: Sequence[Job]) -> str:
    """In one line: done, to do, for how long."""
    of = {state: sum(job.state == state for job in jobs) for state in STATES}
    counts = [f"{number} {state}" for state, number in of.items() if number or state == "done"]
    told = f"of {len(jobs)} jobs " + ", ".join(counts)
    left = _left(jobs) if jobs else 0.0
    return told + (f"; about {duration(left)} to go" if left > 0 else "")


STATES = ("done", "running", "stopped midway", "waiting")


def _job(log: Path, begun: float) -> Job:
    figure = log.parent.name
    try:
        changed, text = log.stat().st_mtime, log.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Job(log.stem, figure, "waiting")
    bar = BAR.match(re.split(r"[\r\n]", text.strip())[-1])
    if bar is None or changed < begun:  # of an earlier run
        return Job(log.stem, figure, "waiting")
    spent, left = _seconds(bar["spent"]), _seconds(bar["left"])
    if bar["percent"] == "100":
        return Job(bar["name"], figure, "done", spent, 0.0)
    if time.time() - changed > STILL:
        return Job(bar["name"], figure, "stopped midway")
    return Job(f"{bar['name']}: {bar['percent']}%", figure, "running", spent, left)


def _seconds(clock: str) -> float:
    """Of tqdm's [hours:]minutes:seconds; NaN of its ?."""
    if clock == "?":
        return math.nan
    return sum(int(part) * 60**place for place, part in enumerate(reversed(clock.split(":"))))


def _left(jobs: Sequence[Job]) -> float:
    """Seconds until all jobs are done; NaN while nothing tells."""
    table = pd.DataFrame(jobs, columns=Job._fields)
    running = int((table["state"] == "running").sum())
    takes = table["spent"] + table["left"]
    takes = takes.groupby(table["figure"]).transform("mean").fillna(takes.mean())
    left = table["left"].fillna(takes)
    return float(max(left.sum(skipna=False) / max(running, 1), left.max(skipna=False)))


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best; a question mark for NaN."""
    if math.isnan(seconds):
        return "?"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def seconds(records: Iterable[Path]) -> str:
    """Where the seconds went: jobs, their seconds and the longest's, by figure.

    Args:
        records: provenance of jobs; that of tables, which gathers points, is passed over.
    """
    rows = []
    for path in records:
        record = json.loads(path.read_text(encoding="utf-8"))
        if "points" not in record:
            figure = record["settings"].get("figure", path.stem)
            rows.append({"figure": figure, "seconds": record["seconds"]})
    if not rows:
        return ""
    by_figure = pd.DataFrame(rows).groupby("figure")["seconds"]
    table = pd.DataFrame(
        {"jobs": by_figure.count(), "seconds": by_figure.sum(), "longest": by_figure.max()}
    )
    return table.sort_values("seconds", ascending=False).round(1).to_string()


def main(folder: Path) -> None:
    """Print the overview; on a terminal again and again, in place, until nothing is to do."""
    while True:
        try:
            text = overview(folder)
        except FileNotFoundError:
            sys.exit(f"progress: no run has begun in {folder}")
        live = sys.stdout.isatty()
        print(("\033[H\033[J" if live else "") + text, flush=True)
        if not live or not re.search(r"running|waiting", text.splitlines()[-1]):
            return
        time.sleep(5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
