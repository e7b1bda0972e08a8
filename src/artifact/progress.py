"""How far jobs are: a bar in each log, all of them together, and where the seconds went."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TextIO

import pandas as pd
from tqdm import tqdm

Advance = Callable[[int], object]
Progress = Callable[[int], AbstractContextManager[Advance]]
"""`with progress(total) as advance`, then `advance(done)` as often as work is done."""

BAR = re.compile(r"^(?P<name>.+?): +(?P<percent>\d+)%\|.*\[[^<]+<(?P<left>[^,]+),")

STILL = 600.0
"""Seconds after which a log that stands still is of a job that was killed."""


def bar(log: TextIO, name: str) -> Progress:
    """A bar of updates in `log`, renewed every few seconds."""

    @contextmanager
    def progress(total: int) -> Iterator[Advance]:
        with tqdm(
            total=total, desc=name, unit="updates", file=log, ascii=True, mininterval=5
        ) as updates:
            yield updates.update

    return progress


def overview(logs: Iterable[Path]) -> str:
    """What runs, how far it is and for how long it still will: a line a job, and one for all.

    Args:
        logs: those of the jobs, of which each is read for its newest bar.
    """
    running, done, stopped = [], 0, 0
    for log in sorted(logs):
        found = BAR.match(re.split(r"[\r\n]", log.read_text().strip())[-1])
        if found is None:
            continue
        if found["percent"] == "100":
            done += 1
        elif time.time() - log.stat().st_mtime > STILL:
            stopped += 1
        else:
            running.append(f"{found['name']}: {found['percent']}%, {found['left']} to go")
    return "\n".join([*running, f"{done} done, {len(running)} running, {stopped} stopped midway"])


def seconds(records: Iterable[Path]) -> str:
    """Where the seconds went: jobs, their seconds and the longest's, by figure.

    Args:
        records: provenance of jobs; that of tables, which gathers points, is passed over.
    """
    rows = []
    for path in records:
        record = json.loads(path.read_text())
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
