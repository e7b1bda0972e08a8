"""How far a job is: a bar in its log."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TextIO

from tqdm import tqdm

Advance = Callable[[int], object]
Progress = Callable[[int], AbstractContextManager[Advance]]
"""`with progress(total) as advance`, then `advance(done)` as often as work is done."""


def bar(log: TextIO, name: str) -> Progress:
    """A bar of updates in `log`, renewed every few seconds."""

    @contextmanager
    def progress(total: int) -> Iterator[Advance]:
        with tqdm(
            total=total, desc=name, unit="updates", file=log, ascii=True, mininterval=5
        ) as updates:
            yield updates.update

    return progress
