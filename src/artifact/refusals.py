"""What is refused, in one line: at the end of a job, in its log, and at the end of the run."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

MARK = "refused: "
"""What a refusal's line in a log begins with."""


class RefusedError(ValueError):
    """Something that is not allowed; its text is one line that says what, why, and what is."""


def in_one_line(log: Path) -> None:
    """From here on let this process end on a refusal with its line alone, which `log` holds too.

    An error of the operating system, as of a full disk, is one. Any other exception is a fault
    of ours, and keeps its traceback.
    """
    sys.excepthook = hook(log)


Hook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def hook(log: Path) -> Hook:
    """What `in_one_line` has Python call with an exception that nothing caught."""

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, RefusedError | OSError):
            sys.__excepthook__(kind, error, trace)
            return
        line = " ".join(str(error).split())
        print(line, file=sys.stderr)
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{MARK}{line}\n")

    return tell


def told(folder: Path, since: float) -> list[str]:
    """The refusals in the logs of a folder that were written after a time, each once."""
    logs = [path for path in folder.rglob("*.log") if path.stat().st_mtime >= since]
    lines = [
        line.removeprefix(MARK)
        for path in sorted(logs, key=lambda path: path.stat().st_mtime)
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(MARK)
    ]
    return list(dict.fromkeys(lines))
