"""The pages' own code: a page's blocks run in order, top to bottom, in one process."""

import contextlib
import io
import os
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jaxtyping
from markdown_it import MarkdownIt

import ngd

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "docs").rglob("*.md")
    if "_build" not in path.parts
)


class Block(NamedTuple):
    """A block of Python and what the page says that it prints: None where it says nothing."""

    code: str
    shown: str | None


class Run(NamedTuple):
    """A page that was run.

    Attributes:
        names: what its blocks have defined.
        printed: by each block.
    """

    names: dict
    printed: list[str]


@cache
def blocks(page):
    """A page's blocks of Python; a block of text right behind one is its output."""
    tokens = MarkdownIt().parse((ROOT / page).read_text(encoding="utf-8"))
    found = []
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "fence" and token.info == "python":
            told = after is not None and after.type == "fence" and after.info == "text"
            found.append(Block(token.content, after.content if told else None))
    return found


@cache
def run(page):
    """As a reader would run it: in a folder of its own, without our shape checks."""
    names, printed = {"__name__": "page"}, []
    home = Path.cwd()
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            os.chdir(folder)
            warnings.simplefilter("error", ngd.CalibrationWarning)
            for number, block in enumerate(blocks(page), start=1):
                with contextlib.redirect_stdout(io.StringIO()) as told:
                    exec(compile(block.code, f"{page}, block {number}", "exec"), names)
                printed.append(told.getvalue())
    finally:
        os.chdir(home)
        jaxtyping.config.update("jaxtyping_disable", False)
    return Run(names, printed)
