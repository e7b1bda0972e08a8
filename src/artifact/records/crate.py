"""The run as a Workflow Run RO-Crate, which repositories of research data can read."""

import mimetypes
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}

PAPER = "https://arxiv.org/abs/1806.09597"
AUTHORS = "the ngd-posterior authors"
TITLE = "Stochastic natural gradient descent draws posterior samples in function space"

WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"

HOMES = {
    "python": "https://www.python.org",
    "jax": "https://github.com/jax-ml/jax",
    "jaxlib": "https://github.com/jax-ml/jax/tree/main/jaxlib",
    "flax": "https://github.com/google/flax",
    "optax": "https://github.com/google-deepmind/optax",
    "numpy": "https://numpy.org",
    "pandas": "https://pandas.pydata.org",
    "mlxtend": "https://github.com/rasbt/mlxtend",
    "snakemake": "https://snakemake.github.io",
}
"""By which software is known: its home, of what provenance names."""

MEDIA_TYPES = {".md": "text/markdown", ".yaml": "application/yaml"}
"""Of files that Python's own list lacks."""


def describe(
    root: Path,
    workflow: Sequence[Path],
    results: Sequence[Path],
    scale: str,
    records: Sequence[Mapping[str, Any]],
    home: Path = Path(),
) -> ROCrate:
    """A crate of the workflow and of one run's results, each file under its path.

    Args:
        root: what the paths are relative to.
        workflow: the root Snakefile first, then what it includes and reads, README.md among it.
        results: tables, figures, claims, report.
        scale: smoke, quick, paper or fashion.
        records: the results' provenance.
        home: the checkout, relative to `root`; what lies in it stands in the crate without it.
    """
    versions, commits = versions_of(records)
    crate = ROCrate(version="1.1")

    def entity(identifier: str, kind: str, **properties: Any) -> ContextEntity:
        return crate.add(ContextEntity(crate, identifier, {"@type": kind, **properties}))

    def place(path: Path) -> Path:
        return path.relative_to(home) if path.is_relative_to(home) else path

    def file(path: Path) -> Any:
        kind = mimetypes.guess_type(path.name)[0] or "text/plain"
        properties = {
            "name": str(place(path)),
            "encodingFormat": MEDIA_TYPES.get(path.suffix, kind),
        }
        return crate.add_file(root / path, place(path), properties=properties)

    main, *parts = workflow
    entry = crate.add_workflow(
        root / main, place(main), main=True, lang="snakemake", lang_version=versions["snakemake"]
    )
    parts_by_name = {str(place(path)): file(path) for path in parts}
    parts_by_name["README.md"]["about"] = crate.root_dataset
    made = [file(path) for path in results]
    told = os.environ.get("SOURCE_DATE_EPOCH")
    made_at = float(told) if told else max((root / path).stat().st_mtime for path in results)
    ended = datetime.fromtimestamp(made_at, UTC)
    who = entity("#authors", "Organization", name=AUTHORS, url="CONTRIBUTING.md")
    software = [
        entity(
            page := HOMES[name], "SoftwareApplication", name=name, softwareVersion=version, url=page
        )
        for name, version in sorted(versions.items())
    ]
    profile = entity(WORKFLOW_PROFILE, "CreativeWork", name="ComputationalWorkflow", version="1.0")
    licence = entity("https://spdx.org/licenses/MIT", "CreativeWork", name="MIT License")
    entry.append_to("softwareRequirements", software)
    for name, value in (
        ("name", "ngd-posterior: the figures"),
        ("version", commits[-1]),
        ("license", licence),
        ("creator", who),
        ("url", "README.md"),
        ("encodingFormat", "text/plain"),
        ("conformsTo", profile),
    ):
        entry[name] = value
    action = crate.add_action(
        entry,
        identifier="#run",
        object=[part for name, part in parts_by_name.items() if name.startswith("config/")],
        result=made,
        properties={
            "name": f"A run at the scale {scale}",
            "description": f"Made at {', '.join(commits)}.",
            "endTime": ended.isoformat(timespec="seconds"),
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    action["agent"] = who
    for address, name in PROFILES.items():
        version = address.rpartition("/")[2]
        profile = entity(address, "CreativeWork", name=name, version=version)
        crate.root_dataset.append_to("conformsTo", profile)
    crate.root_dataset["citation"] = entity(PAPER, "ScholarlyArticle", name=TITLE)
    crate.root_dataset["author"] = who
    crate.root_dataset["mentions"] = action
    crate.name = f"ngd-posterior at the scale {scale}"
    crate.description = f"Figures, tables and verdicts of a reproduction of: {TITLE} (2018)."
    crate.license = licence
    crate.publisher = who
    crate.datePublished = ended
    return crate


def pack(crate: ROCrate, path: Path) -> None:
    """A ZIP file whose bytes depend on what the crate holds and says, and on nothing else.

    It is not compressed, since compressors differ.
    """
    made_at = crate.datePublished.timetuple()[:6]
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w") as packed:
        crate.write(folder)
        for file in sorted(found for found in Path(folder).rglob("*") if found.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), made_at)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, file.read_bytes())


def versions_of(records: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], list[str]]:
    """Versions and commits of provenance records, of single jobs or of the points they gather.

    A package that jobs ran in several versions has them all, in one text.
    """
    jobs = [job for record in records for job in record.get("points", [record])]
    found: dict[str, set[str]] = {}
    for job in jobs:
        for package, version in job["versions"].items():
            found.setdefault(package, set()).add(version)
    versions = {package: ", ".join(sorted(several)) for package, several in found.items()}
    return versions, sorted({job["commit"] or "no commit" for job in jobs})
