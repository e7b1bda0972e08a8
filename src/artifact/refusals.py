"""What is refused, in one line: at the end of a job, in its log, and at the end of the run."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

SUFFIX = ".refused"
"""Of a file beside a log, which Snakemake removes before a job is tried again."""


class RefusedError(ValueError):
    """Something that is not allowed; its text is one line that says what, why, and what is."""


Hook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def in_one_line(log: Path) -> None:
    """From here on let this process end on a refusal with its line alone, which `log` holds too.

    An error of the operating system, as of a full disk, counts as one, but not that a file is
    missing. Any other exception is a fault of ours, and keeps its traceback.
    """
    log.with_suffix(SUFFIX).unlink(missing_ok=True)
    sys.excepthook = hook(log)


def hook(log: Path) -> Hook:
    """What `in_one_line` has Python call with an exception that nothing caught."""

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        ours = isinstance(error, FileNotFoundError) or not isinstance(error, RefusedError | OSError)
        if ours:
            sys.__excepthook__(kind, error, trace)
            return
        line = " ".join(str(error).split())
        print(line, file=sys.stderr)
        for path in (log, log.with_suffix(SUFFIX)):
            with path.open("a", encoding="utf-8") as stream:
                print(line, file=stream)

    return tell


def repeat(folder: Path, since: float) -> None:
    """Print what was refused after a time by jobs whose logs lie in a folder, each line once."""
    found = [path for path in folder.rglob(f"*{SUFFIX}") if path.stat().st_mtime >= since]
    found.sort(key=lambda path: path.stat().st_mtime)
    for line in dict.fromkeys(path.read_text(encoding="utf-8") for path in found):
        print(line, end="", file=sys.stderr)
