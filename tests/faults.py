"""What the tests of faults share: waiting, and the table of docs/faults.md."""

import os
import time
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs/faults.md"
END = "<!-- end -->"


class Table:
    """Faults by their kind; with FAULTS=nightly they are written down as they are injected."""

    def __init__(self, command):
        """The part of the page that `command` writes."""
        self.start = f"<!-- written by `{command}` -->"
        self.rows = {}

    def add(self, fault, recovered, *, times=1):
        """`times` faults of a kind, all `recovered` or else lost."""
        row = self.rows.setdefault(fault, Counter())
        row["injected"] += times
        row["recovered" if recovered else "lost"] += times
        if os.environ.get("FAULTS") == "nightly":  # now: a run cut short leaves what it found
            before, rest = PAGE.read_text().split(self.start)
            after = rest.split(END, 1)[1]
            PAGE.write_text(f"{before}{self.start}\n\n{self.text()}\n\n{END}{after}")
        assert recovered, f"lost: {fault}"

    def text(self):
        total = sum(self.rows.values(), Counter())
        lines = ["| fault | times injected | recovered | lost |", "|---|---:|---:|---:|"]
        for fault, row in [*self.rows.items(), ("all", total)]:
            lines.append(f"| {fault} | {row['injected']} | {row['recovered']} | {row['lost']} |")
        return "\n".join(lines)


def wait_for(condition, seconds=300):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(condition)
