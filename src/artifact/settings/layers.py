"""Settings in layers: the paper's, a scale's changes, the user's; combined, then checked."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pydantic
import yaml

from artifact.refusals import RefusedError
from artifact.settings.typed import Settings

Layer = dict[str, Any]


class ConfigError(RefusedError):
    """A setting that is not allowed; its text is one line that names key, value and rule."""


class _Unambiguous(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, where YAML lets the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        merge = "tag:yaml.org,2002:merge"
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != merge]
        twice = [key for number, key in enumerate(keys) if key in keys[:number]]
        if twice:
            raise ConfigError(f"config: {twice[0]} stands twice in {node.start_mark.name}")
        return super().construct_mapping(node, deep)


def read(path: Path) -> Layer:
    """One layer.

    Raises:
        ConfigError: a key stands twice, or the file is no YAML.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            return _Unambiguous(stream).get_single_data()
    except yaml.YAMLError as error:
        raise ConfigError(f"config: {one_line(str(error))}") from None


def scales(folder: Path) -> list[str]:
    """The scales there are, a YAML file each; paper.yaml is complete. config.yaml is the user's."""
    return sorted(path.stem for path in folder.glob("*.yaml") if path.stem != "config")


def load(folder: Path, model: type[Settings], overrides: Mapping[str, Any]) -> Any:
    """The paper's settings, a scale's changes and the user's, combined and checked.

    Args:
        folder: of the scales.
        model: of the whole; checked with the layers' combination.
        overrides: the user's.

    Raises:
        ConfigError: the first setting that is not allowed.
    """
    scale = overrides.get("scale", "quick")
    known = scales(folder)
    if scale not in known:
        raise ConfigError(
            f"config: scale = {scale!r} is not allowed; must be one of {', '.join(known)}"
        )
    combined = combine(*(read(folder / f"{name}.yaml") for name in ("paper", scale)), overrides)
    try:
        return model.model_validate(combined)
    except pydantic.ValidationError as error:
        raise ConfigError(one_line(explain(error.errors()[0], model))) from None


def one_line(text: str) -> str:
    """A key may hold anything, a line's end too."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def combine(*layers: Mapping[str, Any]) -> Layer:
    """Later layers over earlier ones, key by key in nested mappings; lists are replaced.

    Snakemake reads what is nested in `--config key=...` as text, so text which spells a
    number or a truth value becomes one.

    Raises:
        ConfigError: a key is not text.
    """
    config: Layer = {}
    for layer in layers:
        for key, value in layer.items():
            if not isinstance(key, str):
                raise ConfigError(f"config: {key} is not a setting; keys are words")
            if isinstance(value, Mapping):
                below = config.get(key)
                config[key] = combine(below if isinstance(below, Mapping) else {}, value)
            else:
                config[key] = _plain(value)
    return config


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [combine(item) if isinstance(item, Mapping) else _plain(item) for item in value]
    if isinstance(value, str):
        if value in ("true", "false", "True", "False"):
            return value.lower() == "true"
        for number in (int, float):
            try:
                return number(value)
            except ValueError:  # also of an integer of thousands of digits
                continue
    return "" if value is None else value


def explain(error: Any, model: type[Settings]) -> str:
    """A complaint of pydantic in one line: key, value, what is allowed."""
    path = [str(part) for part in error["loc"] if part not in _INNER]
    key, value = ".".join(path), error["input"]
    if error["type"] == "extra_forbidden":
        known = sorted(_fields(model, path[:-1]))
        return f"config: {key} is not a setting; known are {', '.join(known)}"
    if error["type"] == "missing":
        return f"config: {'.'.join(path[:-1]) or 'config'} lacks {path[-1]}"
    if error["type"] == "value_error":
        rule = str(error["ctx"]["error"])
        if " is not allowed; must " in rule:  # of a rule that ties settings together
            return f"config: {'.'.join([*path, rule])}"
        return f"config: {key} = {shown(value)} is not allowed; must {rule}"
    kinds = {"model_type": "mapping", "dict_type": "mapping", "list_type": "array"}
    kind = kinds.get(error["type"])
    told = f"be of type {kind}" if kind else error["msg"]
    return f"config: {key} = {shown(value)} is not allowed; must {told}"


def shown(value: Any) -> str:
    """A value as a line of an error has it, cut where it goes on and on."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


LONGEST = 100
"""Characters of a value in an error."""


_INNER = ("[key]",)


def _fields(model: Any, path: list[str]) -> list[str]:
    for part in path:
        if not (isinstance(model, type) and issubclass(model, Settings)):
            return []
        annotation = model.model_fields[part].annotation
        inner = getattr(annotation, "__args__", None)
        model = inner[-1] if inner else annotation
        if inner:  # a mapping from names to models: the name is the next part
            return [field.alias or name for name, field in model.model_fields.items()]
    return [field.alias or name for name, field in model.model_fields.items()]
