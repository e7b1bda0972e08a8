"""Any settings are a plan, or are refused in one line that names the key."""

import copy
import functools
import math
import re

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.artifact import small

from artifact import catalogue
from artifact.settings import layers

# The hook of conftest.py would refuse an integer temperature.
pytestmark = pytest.mark.usefixtures("unchecked")

ROOT = small.ROOT
SCALES = ["fashion", "paper", "quick", "smoke"]


def load(overrides):
    return layers.load(ROOT / "config", catalogue.Config, overrides)


def places(mapping, above=()):
    """The path of every key, nested ones too."""
    for key, value in mapping.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from places(value, (*above, key))


PAPER = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
PLACES = list(places(PAPER))
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.5, 1e-300, 1e300, 5000, 2**63]),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    st.text(max_size=8),
    st.sampled_from(["nan", "inf", "1e5", "true", "../..", "/", "$(id)", "; id", "smoke", "a\nb"]),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(NUMBERS, max_size=4),
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.text(max_size=5), SCALARS, max_size=2),
)


@pytest.fixture(scope="module", autouse=True)
def _files_are_read_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "read", functools.cache(layers.read))
        yield


def numbers(value):
    """Every number in some settings."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, int | float) else []


@st.composite
def mutations(draw):
    """The user's layer: a scale, and a few keys, known or not, with values of any kind."""
    layer = {"scale": draw(st.sampled_from(SCALES))}
    for _ in range(draw(st.integers(1, 3))):
        path = list(draw(st.sampled_from(PLACES)))
        if draw(st.integers(0, 9)) == 0:
            path[-1] = draw(st.text(max_size=8))
        at = layer
        for key in path[:-1]:
            at[key] = at[key] if isinstance(at.get(key), dict) else {}
            at = at[key]
        own = functools.reduce(lambda below, key: below.get(key, {}), path, PAPER)
        likely = st.lists(NUMBERS, max_size=4) if isinstance(own, list) else SCALARS
        at[path[-1]] = draw(likely if draw(st.booleans()) else VALUES)
    return layer


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutations())
def test_any_settings_are_a_plan_or_are_refused_in_one_line(layer):
    before = copy.deepcopy(layer)
    try:
        accepted = load(layer)
    except layers.ConfigError as error:
        text = str(error)
        assert text.startswith("config: ")
        assert len(text.splitlines()) == 1, text
        keys = {".".join(path) for path in (*PLACES, *places(layer))}
        escaped = ["".join(c if c.isprintable() else repr(c)[1:-1] for c in k) for k in keys]
        # The whole key, as fig2.temperatures, or a list's item, as fig2.temperatures.1.
        ends = tuple(key + end for key in escaped for end in (" ", "."))
        assert text.removeprefix("config: ").startswith(ends), text
        return
    finally:
        assert repr(layer) == repr(before)
    assert accepted.scale in SCALES
    assert all(map(math.isfinite, numbers(accepted.model_dump())))
    for folder, sweep in catalogue.sweeps(accepted).items():
        assert re.fullmatch(r"\w+", folder)
        for name, job in sweep.jobs(catalogue.experiment_of(folder).together).items():
            assert re.fullmatch(r"[\w.+-]+", name)
            assert job.points
            for point in job.points:
                burn_in, samples = sweep.updates(point.learning_rate)
                assert burn_in >= 0
                assert samples >= 1


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_is_a_plan(scale):
    assert load({"scale": scale}).scale == scale


@pytest.mark.parametrize("value", ["nan", "inf", math.nan, -math.inf])
def test_a_number_that_is_not_finite_is_refused(value):
    with pytest.raises(layers.ConfigError, match=r"^config: fig2\.(damping|temperatures\.1) = "):
        load({"fig2": {"damping": value}})
    with pytest.raises(layers.ConfigError, match=r"^config: fig2\.(damping|temperatures\.1) = "):
        load({"fig2": {"temperatures": [1.0, value]}})


def test_no_name_from_the_settings_leads_out_of_its_folder():
    """The scale and the readings' names are the only ones that become parts of paths."""
    for key, name in (("readings", "../x"), ("cnn_readings", "a/b"), ("readings", "cnn_x")):
        # cnn_x would be taken for one of the CNN's.
        told = re.escape(f"config: {key}.variants = {name!r} is not allowed; must be a word")
        with pytest.raises(layers.ConfigError, match=told):
            load({key: {"variants": {name: {}}}})
    with pytest.raises(layers.ConfigError, match=r"^config: scale = '\.\./paper' is not allowed"):
        load({"scale": "../paper"})


@pytest.mark.parametrize("repeats", [2, 5, 20])
def test_a_reading_has_at_most_the_repeats_of_all_readings(repeats):
    """So that a smaller scale, which says how many all have, has no more of those that say less."""
    few = {"base": {}, "few": {"bias": True, "repeats": 5}}
    readings = load({"readings": {"repeats": repeats, "variants": few}}).readings
    assert readings.of("few").repeats == min(repeats, 5)
    assert readings.of("base").repeats == repeats
