"""Settings that once gave a wrong number, a stack or a failure inside a job: one line each."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from artifact import catalogue
from artifact.settings import layers

CONFIG = Path(__file__).parents[2] / "config"
PAPER, SMOKE = (
    layers.load(CONFIG, catalogue.Config, {"scale": scale}) for scale in ("paper", "smoke")
)


def refused(overrides, scale="smoke"):
    """The line in which they are."""
    with pytest.raises(layers.ConfigError) as caught:
        layers.load(CONFIG, catalogue.Config, {"scale": scale, **overrides})
    line = str(caught.value)
    assert line.startswith("config: ")
    assert line.isprintable()
    return line


CASES = [
    # Points of one name, by which one would hold the other's result.
    ({"fig5": {"temperatures": [1.0, 1.0000001]}}, "fig5.temperatures = [1.0, 1.0000001]", "apart"),
    ({"fig3": {"learning_rates": [0.1, 0.1000004]}}, "fig3.learning_rates", "apart"),
    # Points of one B, which are one chain at several places of the axis.
    ({"fig3": {"temperatures": [10.0, 13.0, 19.0]}}, "fig3.temperatures = [10.0, 13.0]", "B = 1"),
    # Numbers of no use.
    (
        {"fig1": {"learning_rate": 10**400}},
        "fig1.learning_rate = 10000",
        "0... is not allowed; must be ",
    ),
    ({"fig2": {"temperatures": [1e-320]}}, "fig2.temperatures.0 = ", ">= 1e-06"),
    ({"fig1": {"true_norm": 1e308}}, "fig1.true_norm", "<= 1e+09"),
    ({"figS1_flat": {"prior_exponent": 1e308}}, "figS1_flat.prior_exponent", "<= 10"),
    ({"fig7": {"panels": {"b": {"learning_rates": [1e-300]}}}}, "fig7.panels.b", ">= 1e-06"),
    ({"fig1": {"learning_rate": 10**5000}}, "fig1.learning_rate = a number of", "be "),
    ({"fig2": {"burn_in": 10**8, "samples": 10**8}}, "fig2.samples", "make at most 1e+08 updates"),
    # Keys that are no words.
    ({1: 2, "foo": 3}, "1 is not a setting", "words"),
    ({"readings": {"variants": {1: {}}}}, "1 is not a setting", "words"),
    ({"readings": {"variants": {"base": {}, "a\n": {}}}}, "readings.variants", "letters"),
    # Blamed on what was given.
    ({"test_images": 5000}, "test_images = 5000", "< 5000"),
]


@pytest.mark.parametrize(("overrides", "named", "rule"), CASES, ids=range(len(CASES)))
def test_a_setting_of_no_meaning_is_refused_in_one_line(overrides, named, rule):
    line = refused(overrides)
    assert line.startswith(f"config: {named}")
    assert rule in line


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(
    rates=st.lists(st.floats(0.05, 0.5), min_size=1, max_size=3),
    temperatures=st.lists(st.floats(0.05, 20), min_size=1, max_size=4),
    near=st.booleans(),
)
def test_points_that_are_accepted_differ_in_name_and_batch(rates, temperatures, near):
    """Near: a step of rounding beside one another, where names of six digits meet."""
    if near:
        temperatures += [temperatures[0] * (1 + 1e-8)]
        rates += [rates[0] * (1 + 1e-8)]
    model = catalogue.GROUPS["fig5"].model
    given_settings = {
        **SMOKE.fig5.model_dump(),
        "learning_rates": rates,
        "temperatures": temperatures,
    }
    try:
        sweep = model.model_validate(given_settings)
    except ValidationError:
        return
    corners = itertools.product(sweep.examples, rates, temperatures)
    names = {(n, f"{rate:g}", f"{temperature:g}") for n, rate, temperature in corners}
    points = sweep.points()
    assert len(names) == len(points) == len(sweep.jobs()) // len(range(0, 2, sweep.seeds_per_job))
    assert len({(p.examples, p.learning_rate, p.batch_size) for p in points}) == len(points)


def numbers(value, path=()):
    """Each number in nested settings, by its path; of a list, the first."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, (*path, key))
    elif isinstance(value, list):
        yield from numbers(value[0], (*path, 0))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def replaced(value, path, new):
    if not path:
        return new
    if isinstance(value, list):
        return [replaced(value[0], path[1:], new), *value[1:]]
    return {**value, path[0]: replaced(value[path[0]], path[1:], new)}


NUMBERS = [
    (key, path) for key in catalogue.GROUPS for path in numbers(getattr(PAPER, key).model_dump())
]


@pytest.mark.parametrize(
    "wild", [10**400, 1e308, -1e308, float("inf"), float("nan"), -(10**400)], ids=range(6)
)
def test_every_number_has_a_bound_on_either_side(wild):
    assert len(NUMBERS) > 200
    for key, path in NUMBERS:
        if path[0] == "variants":
            continue
        held = replaced(getattr(PAPER, key).model_dump(), path, wild)
        with pytest.raises(ValidationError):
            catalogue.GROUPS[key].model.model_validate(held)


def test_what_a_command_line_gives_as_a_number_may_be_a_folder():
    found = layers.load(CONFIG, catalogue.Config, {"scale": "smoke", "mnist_dir": 2024})
    assert found.mnist_dir == "2024"


def test_a_key_that_stands_twice_is_refused(tmp_path):
    for text in ("seed: 1\nseed: 2\n", "fig1:\n  repeats: 1\n  repeats: 2\n"):
        path = tmp_path / "own.yaml"
        path.write_text(text)
        with pytest.raises(layers.ConfigError, match=r"(seed|repeats) stands twice in .*own\.yaml"):
            layers.read(path)


def test_a_merged_key_may_be_overridden(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n")
    assert layers.read(path)["b"] == {"x": 3, "y": 2}
