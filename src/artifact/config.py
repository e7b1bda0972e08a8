"""Settings: the paper's, a scale's changes to them, the user's; and what they may be."""

import itertools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from artifact import sweep
from ngd import temperature as theorem_2

Config = dict[str, Any]

EMBEDDED_IMAGES = 5000
FULL_IMAGES = 60000


# To JSON Schema 1.0 is an integer, but a file would be named N1.0.
VALIDATOR = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


class ConfigError(ValueError):
    """A setting that is not allowed; its text is one line that names key, value and rule."""


def load(folder: Path, schema: Path, overrides: Mapping[str, Any]) -> Config:
    """The paper's settings, a scale's changes and the user's, combined and checked.

    Args:
        folder: of the scales, a YAML file each; paper.yaml is complete.
        schema: what the combined settings must satisfy.
        overrides: the user's.

    Raises:
        ConfigError: the first one that is not allowed.
    """
    scales = sorted(path.stem for path in folder.glob("*.yaml"))
    scale = overrides.get("scale", "quick")
    if scale not in scales:
        raise ConfigError(
            f"config: scale = {scale!r} is not allowed; must be one of {', '.join(scales)}"
        )
    layers = [yaml.safe_load((folder / f"{name}.yaml").read_text()) for name in ("paper", scale)]
    config = combine(*layers, overrides)
    _check_finite(config)
    try:
        VALIDATOR(yaml.safe_load(schema.read_text())).validate(config)
    except jsonschema.ValidationError as error:
        raise ConfigError(_one_line(explain(error))) from None
    check(config)
    return config


def _one_line(text: str) -> str:
    """A key may hold anything, a line's end too."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def combine(*layers: Mapping[str, Any]) -> Config:
    """Later layers over earlier ones, key by key in nested mappings; lists are replaced.

    Snakemake reads what is nested in `--config key=...` as text, so text which spells a
    number or a truth value becomes one.
    """
    config: Config = {}
    for layer in layers:
        for key, value in layer.items():
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
            except ValueError:
                continue
    return "" if value is None else value


def explain(error: jsonschema.ValidationError) -> str:
    """The schema's complaint in one line: key, value, what is allowed."""
    key = ".".join(map(str, error.absolute_path)) or "config"
    rule = error.validator
    limit: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    if rule == "additionalProperties":
        known = sorted(schema.get("properties", {}))
        unknown = sorted(set(instance) - set(known))
        prefix = "" if key == "config" else f"{key}."
        return f"config: {prefix}{unknown[0]} is not a setting; known are {', '.join(known)}"
    if rule == "required":
        missing = next(name for name in limit if name not in instance)
        return f"config: {key} lacks {missing}"
    allowed = {
        "type": f"of type {limit}",
        "minimum": f">= {limit}",
        "exclusiveMinimum": f"> {limit}",
        "maximum": f"<= {limit}",
        "exclusiveMaximum": f"< {limit}",
        "enum": f"one of {', '.join(map(str, limit)) if isinstance(limit, list) else limit}",
        "minItems": f"a list of at least {limit}",
        "minProperties": f"a mapping of at least {limit}",
        "uniqueItems": "a list without repetitions",
        "pattern": f"text that matches {limit}",
    }.get(str(rule), error.message)
    return f"config: {key} = {instance!r} is not allowed; must be {allowed}"


def check(config: Config) -> None:
    """The rules that tie several settings together.

    Raises:
        ConfigError: the first one that is broken.
    """
    full = config["data"] == "mnist-full"
    if full and config["test_images"] != 10000:
        raise ConfigError(
            f"config: test_images = {config['test_images']} is not allowed; "
            "must be 10000 with data = mnist-full, whose test set is fixed"
        )
    pool = FULL_IMAGES if full else EMBEDDED_IMAGES - config["test_images"]
    for figure, settings in config.items():
        if isinstance(settings, dict) and "temperatures" in settings and figure != "figS1":
            _check_sweep(figure, settings)
    for group in ("readings", "cnn_readings"):
        for name in config[group]["variants"]:
            _check_sweep(f"{group}.variants.{name}", sweep.variant(config[group], name))
    for figure in ("fig5", "fig6", "fig7", "readings", "cnn_readings"):
        _check_images(figure, config[figure], pool, config["data"])
    if config["warm_start"]["batch_size"] > pool:
        raise ConfigError(
            f"config: warm_start.batch_size = {config['warm_start']['batch_size']} is not "
            f"allowed; must be <= {pool}, the training images of data = {config['data']}"
        )
    fig1, figure_s2, figure_s3 = config["fig1"], config["figS2"], config["figS3"]
    _check_batch("fig1", fig1["learning_rate"], fig1["examples"], fig1["temperature"], False)
    for examples, rate in itertools.product(figure_s2["examples"], figure_s2["learning_rates"]):
        _check_batch("figS2", rate, examples, figure_s2["temperature"], True)
    rate, examples = figure_s3["learning_rate"], figure_s3["examples"]
    try:
        theorem_2.batch_size(rate, examples, 1.0)
    except ValueError as error:
        raise ConfigError(f"config: figS3.examples is not allowed; {error}") from None


def _check_finite(value: Any, path: tuple[str, ...] = ()) -> None:
    # A schema's bounds let NaN pass, and infinity.
    if isinstance(value, Mapping | list):
        below = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in below:
            _check_finite(item, (*path, str(key)))
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(
            f"config: {_one_line('.'.join(path))} = {value!r} is not allowed; "
            "must be a finite number"
        )


def _check_batch(figure: str, rate: float, examples: int, temperature: float, exact: bool) -> None:
    try:
        theorem_2.batch_size(rate, examples, temperature, exact)
    except ValueError as error:
        raise ConfigError(f"config: {figure}.temperature is not allowed; {error}") from None


def _check_sweep(figure: str, settings: sweep.Settings) -> None:
    try:
        points = sweep.points(settings)
    except ValueError as error:
        raise ConfigError(f"config: {figure}.temperatures is not allowed; {error}") from None
    for point in points:
        if sweep.updates(settings, point.learning_rate)[1] < 1:
            raise ConfigError(
                f"config: {figure}.sampled_fraction = {settings['sampled_fraction']} is not "
                f"allowed; must leave at least one update of {settings['duration']:g}/ε to "
                f"sample at ε = {point.learning_rate:g}"
            )


def _check_images(figure: str, settings: Config, pool: int, data: str) -> None:
    for examples in sorted({n for panel in sweep.panels(settings) for n in panel["examples"]}):
        if examples > pool:
            raise ConfigError(
                f"config: {figure} examples = {examples} is not allowed; must be <= {pool}, "
                f"the training images of data = {data}"
            )
        if settings["fisher_examples"] > examples:
            raise ConfigError(
                f"config: {figure}.fisher_examples = {settings['fisher_examples']} is not "
                f"allowed; must be <= {examples}, its smallest training set"
            )
