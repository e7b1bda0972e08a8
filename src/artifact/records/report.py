"""The report: one page that holds all it shows, so that opening it asks for nothing."""

import base64
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import jinja2
import pandas as pd
from markdown_it import MarkdownIt

from artifact.engine import progress

VERDICTS = ("reproduced", "not reproduced", "inconclusive")


class Figure(NamedTuple):
    """A figure and where its numbers come from.

    Attributes:
        name: as in its file's.
        title: what it shows.
        image: the drawing, as a `data:` address.
        data: the data set.
        commits: those it was made at.
        devices: those it was made on.
        versions: of Python and the packages.
        jobs: the seconds of each, by what it ran.
    """

    name: str
    title: str
    image: str
    data: str
    commits: list[str]
    devices: list[str]
    versions: dict[str, str]
    jobs: dict[str, float]


def figure(name: str, module: str, svg: bytes, provenance: Mapping[str, Any]) -> Figure:
    """A figure of the page.

    Args:
        name: as in its file's.
        module: which draws it; its docstring is the title.
        svg: the drawing.
        provenance: a table's: of one job, or with the `points` it gathers.
    """
    jobs = provenance.get("points", [provenance])
    title = (import_module(module).__doc__ or name).splitlines()[0]
    return Figure(
        name=name,
        title=title,
        image="data:image/svg+xml;base64," + base64.b64encode(svg).decode(),
        data=provenance["data"],
        commits=sorted({job["commit"] or "not in git" for job in jobs}),
        devices=sorted({f"{job['device']['kind']}, {job['threads']} threads" for job in jobs}),
        versions=jobs[0]["versions"],
        jobs={_ran(job, number): job["seconds"] for number, job in enumerate(jobs, 1)},
    )


def _ran(job: Mapping[str, Any], number: int) -> str:
    """What a job ran: the points of a sweep, where it tells them."""
    settings = job.get("settings", {})
    points = settings.get("points", [settings["point"]] if "point" in settings else [])
    if not points:
        return f"job {number}"
    first = points[0]
    name = f"N = {first['examples']}, ε = {first['learning_rate']:g}, T = "
    return name + ", ".join(f"{point['temperature']:g}" for point in points)


def render(
    template: str,
    settings: Mapping[str, Any],
    figures: Sequence[Figure],
    claims: pd.DataFrame,
    readings: str,
    compared: pd.DataFrame,
) -> str:
    """The page.

    Args:
        template: of Jinja, in HTML.
        settings: the whole config.
        figures: in order.
        claims: see `artifact.claims.verdicts.judge_all`.
        readings: how we read the paper, in Markdown.
        compared: see `artifact.figures.readings.compare_readings.compare`.
    """
    rows = claims.astype(object).where(claims.notna(), None).to_dict("records")
    counts = {verdict: int((claims["verdict"] == verdict).sum()) for verdict in VERDICTS}
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["number"] = lambda value: "" if value is None else f"{value:.3g}"
    environment.filters["duration"] = progress.duration
    return environment.from_string(template).render(
        settings=settings,
        settings_text=json.dumps(settings, indent=2, default=str),
        figures=figures,
        claims=rows,
        counts=counts,
        compared=compared.astype(object).where(compared.notna(), None).to_dict("records"),
        readings=MarkdownIt().enable("table").render(_below(readings)),
    )


def _below(markdown: str) -> str:
    """Markdown without title and images, which a browser would fetch; headings a level lower."""
    lines = [line for line in markdown.splitlines()[1:] if not line.startswith("![")]
    return "\n".join("#" + line if line.startswith("#") else line for line in lines)
