"""The report: one page that holds all it shows, so that opening it asks for nothing."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jinja2
import pandas as pd
from markdown_it import MarkdownIt

from artifact.engine import progress
from artifact.records import captions, tables


class Figure(NamedTuple):
    """A figure and where its numbers come from.

    Attributes:
        name: as in its file's.
        title: what it shows.
        caption: how to read it.
        image: the drawing, as a `data:` address.
        data: the data set.
        commits: those it was made at.
        devices: those it was made on.
        versions: of Python and the packages.
        jobs: what each ran, and its seconds.
    """

    name: str
    title: str
    caption: str
    image: str
    data: str
    commits: list[str]
    devices: list[str]
    versions: list[str]
    jobs: list[tuple[str, float]]


def figure(name: str, module: str, svg: bytes, records: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A figure of the page.

    Args:
        name: as in its file's.
        module: which draws it, see `artifact.records.captions`.
        svg: the drawing.
        records: the provenance of each table that it is drawn from, by the table's name: of one
            job, or with the `points` it gathers.
    """
    ran = [
        (f"{table}: {_ran(job)}", job)
        for table, record in records.items()
        for job in record.get("points", [record])
    ]
    jobs = [job for _, job in ran]
    title, caption = captions.caption(module)
    versions = [f"{package} {v}" for job in jobs for package, v in job["versions"].items()]
    return Figure(
        name=name,
        title=title,
        caption=caption,
        image="data:image/svg+xml;base64," + base64.b64encode(svg).decode(),
        data=", ".join(sorted({record["data"] for record in records.values()})),
        commits=sorted({job["commit"] or "not in git" for job in jobs}),
        devices=sorted({f"{job['device']['kind']}, {job['threads']} threads" for job in jobs}),
        versions=sorted(set(versions)),
        jobs=[(what, job["seconds"]) for what, job in ran],
    )


def _ran(job: Mapping[str, Any]) -> str:
    """What a job ran: the points and seeds of a sweep, where it tells them."""
    settings = job.get("settings", {})
    points = settings.get("points", [settings["point"]] if "point" in settings else [])
    if not points:
        return "one job"
    first, seeds = points[0], settings.get("seeds", [])
    name = f"N = {first['examples']}, ε = {first['learning_rate']:g}, T = "
    name += ", ".join(f"{point['temperature']:g}" for point in points)
    if not seeds:
        return name
    return f"{name}, seed {seeds[0]}" + (f" to {seeds[-1]}" if len(seeds) > 1 else "")


def render(
    template: str,
    settings: Mapping[str, Any],
    figures: Sequence[Figure],
    claims: pd.DataFrame,
    readings: str,
    theorem_1: str,
    compared: pd.DataFrame,
    told: Mapping[str, Any],
) -> str:
    """The page.

    Args:
        template: of Jinja, in HTML.
        settings: the whole config.
        figures: in order.
        claims: see `artifact.claims.verdicts.judge_all`.
        readings: how we read the paper, in Markdown.
        theorem_1: what eq. (8) samples, in Markdown.
        told: of the verdicts, see `artifact.claims.findings.told`.
        compared: see `artifact.figures.readings.compare_readings.compare`.
    """
    rows = claims.astype(object).where(claims.notna(), None).to_dict("records")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["number"] = tables.number
    environment.filters["duration"] = progress.duration
    return environment.from_string(template).render(
        settings=settings,
        settings_text=json.dumps(settings, indent=2, default=str),
        figures=figures,
        claims=rows,
        **told,
        compared=compared.astype(object).where(compared.notna(), None).to_dict("records"),
        readings=MarkdownIt().enable("table").render(_below(readings)),
        theorem_1=MarkdownIt().enable("table").render(_below(theorem_1)),
    )


def _below(markdown: str) -> str:
    """Markdown without title and images, which a browser would fetch; headings a level lower."""
    lines = [line for line in markdown.splitlines()[1:] if not line.startswith("![")]
    return "\n".join("#" + line if line.startswith("#") else line for line in lines)
