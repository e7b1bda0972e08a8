"""What the code writes in documents: `python -m artifact.manual` writes it anew.

That is the page of all settings, docs/settings.md, what README.md says of the claims, and
docs/samplers.md's tables of Figs S4 and S4b.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import yaml
from pydantic.fields import FieldInfo

from artifact import catalogue
from artifact.claims import findings
from artifact.figures.figS4 import tell_figS4
from artifact.records import documents, files
from artifact.settings import layers
from artifact.settings.typed import Check, Settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/settings.md"
README = ROOT / "README.md"
ARCHIVE = ROOT / "results/reference/paper"
SAMPLERS = ROOT / "docs/samplers.md"
SHOWN = ("figS4", "figS4_speed", "figS4b", "figS4b_speed", "figS4c", "figS4c_speed")
"""The archived tables that docs/samplers.md shows."""

HEAD = """\
# Settings

Every key of `config/*.yaml`, as the code has it; `python -m artifact.manual` writes this page.
"Section" is the paper's; what it leaves open is marked so, and [readings](readings.md) gives the
reason; "ours" is of this reproduction. All of it is checked before any job starts.
"""

COLUMNS = ("key", "what it is", "unit", "section", "allowed", "at the paper's scale")


def page() -> str:
    """All of it, as Markdown."""
    paper = layers.load(ROOT / "config", catalogue.Config, {"scale": "paper"})
    values = paper.model_dump(by_alias=True)
    by_model: dict[type[Settings], list[str]] = {}
    for key, group in catalogue.GROUPS.items():
        by_model.setdefault(group.model, []).append(key)
    parts = [HEAD, "## Of a whole run\n", _table(catalogue.Run, [values])]
    for model, keys in by_model.items():
        parts.append(f"## {', '.join(f'`{key}`' for key in keys)}\n")
        parts.append("\n".join(f"- `{key}`: {catalogue.GROUPS[key].says}" for key in keys) + "\n")
        parts.append(_table(model, [values[key] for key in keys], keys))
    return "\n".join(parts)


def _table(
    model: type[Settings], groups: Sequence[Mapping[str, Any]], names: Sequence[str] = ()
) -> str:
    """A row a key; where groups differ in its value, each with its name."""
    rows = []
    for path, field in _fields(model):
        extra: Any = field.json_schema_extra or {}
        found = [_text(_at(group, path)) for group in groups]
        value = found[0]
        if len(set(found)) > 1:
            value = "<br>".join(f"{name}: {text}" for name, text in zip(names, found, strict=True))
        cells = (
            f"`{'.'.join(path)}`",
            field.description or "",
            extra.get("unit", ""),
            extra.get("section", "ours"),
            _allowed(field),
            value,
        )
        rows.append(dict(zip(COLUMNS, cells, strict=True)))
    return documents.table(rows)


def _fields(model: type[Settings]) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Each key below a model, those of models within it too."""
    for name, field in model.model_fields.items():
        within = field.annotation
        if isinstance(within, type) and issubclass(within, Settings):
            for path, inner in _fields(within):
                yield (name, *path), inner
        else:
            yield (field.alias or name,), field


def _at(group: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = group
    for key in path:
        value = value[key]
    return value


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(value)
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _allowed(field: FieldInfo) -> str:
    """What a value may be, by the check in its type; of a list, what each may be."""
    told = [check.allowed for check in field.metadata if isinstance(check, Check)]
    if told:
        return told[0]
    each = get_args(get_args(field.annotation)[-1])
    inner = next(check.allowed for check in each if isinstance(check, Check))
    kind = "mapping" if field.annotation.__origin__ is dict else "list"  # type: ignore[union-attr]
    return f"{kind}, each {inner}"


def readme(text: str) -> str:
    """README.md with what it says of the claims written anew, between its marks."""
    judged = pd.read_csv(ARCHIVE / "claims.csv")
    told = [f"{findings.total(judged)}.", *findings.sentences(judged)]
    text = documents.put(text, "findings", "".join(f"- {line}\n" for line in told))
    return documents.put(text, "claims", findings.table(judged))


def samplers(text: str) -> str:
    """docs/samplers.md with its tables of Figs S4's and S4b's archived distances written anew."""
    of = {name: pd.read_csv(ARCHIVE / f"{name}.csv") for name in SHOWN}
    text = documents.put(
        text, "samplers", tell_figS4.table(of["figS4"], of["figS4_speed"], inputs=2)
    )
    for mark, name in (("network", "figS4b"), ("cnn", "figS4c")):
        told = tell_figS4.network_table(of[name], of[f"{name}_speed"])
        text = documents.put(text, mark, told)
    return text


if __name__ == "__main__":
    files.write_text(page(), PAGE)
    for document, write in ((README, readme), (SAMPLERS, samplers)):
        files.write_text(write(document.read_text(encoding="utf-8")), document)
