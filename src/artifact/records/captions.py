"""What figures and tables show, in words, for both reports."""

import ast
import importlib.util
from pathlib import Path
from typing import NamedTuple

from artifact import catalogue


class Caption(NamedTuple):
    """A figure in words.

    Attributes:
        title: one line.
        text: how to read it; may be empty.
    """

    title: str
    text: str


def caption(module: str) -> Caption:
    """The docstring of the module that draws a figure; not imported, which would slow plans."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    title, _, text = (ast.get_docstring(tree) or module).partition("\n\n")
    return Caption(" ".join(title.split()), " ".join(text.split()))


def name(figure: str) -> str:
    """As a reader says it: Fig. S1b of figS1b."""
    return figure.replace("fig", "Fig. ")


CLAIMS = Caption(
    "Claims: a verdict for each claim of the paper.",
    "A claim is reproduced when its 95% bootstrap interval over repeats lies within the "
    "criterion, not reproduced when it lies outside, and inconclusive otherwise.",
)


READINGS = Caption(
    "Readings of the text, each beside the one that we chose.",
    "The temperature of the least cross entropy and the cross entropy there; see docs/readings.md.",
)


def of_figures() -> dict[str, dict[str, str]]:
    """Of each figure by its name, with the keys `title` and `text`."""
    return {name: caption(f.module)._asdict() for name, f in catalogue.FIGURES.items()}


def of_tables(config: catalogue.Run) -> dict[str, dict[str, str]]:
    """Of each table by its name, with the keys `title` and `text`."""
    found = {"claims": CLAIMS, "readings": READINGS}
    for table, (folder, _) in catalogue.sweep_tables(config).items():
        text = "Means and standard errors over repeats, by N, ε, T and metric."
        found[table] = Caption(catalogue.group_of(folder).says, text)
    for entry in catalogue.EXPERIMENTS.values():
        if isinstance(entry, catalogue.Whole):
            says = catalogue.GROUPS[entry.settings].says
            for result, path in entry.results.items():
                text = f"Of it the {result}." if len(entry.results) > 1 else ""
                found[Path(path).stem] = Caption(says, text)
    return {name: caption._asdict() for name, caption in found.items()}
