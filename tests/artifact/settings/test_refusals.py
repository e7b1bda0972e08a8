"""Wrong settings: one line that names key, value and what is allowed."""

import pytest
import yaml
from tests.artifact import small

from artifact import catalogue
from artifact.settings import layers

WRONG = [
    (["scale=huge"], "scale = 'huge' is not allowed; must be one of fashion, paper, quick, smoke"),
    (["sede=1"], "sede is not a setting; known are cnn_readings, data, device, fig1"),
    (["seed=-1"], "seed = -1 is not allowed; must be >= 0"),
    (["seed=one"], "seed = 'one' is not allowed; must be of type integer"),
    (["data=cifar"], "data = 'cifar' is not allowed; must be one of mnist-5000, mnist-full"),
    (["fig1={learning_rate: 0}"], "fig1.learning_rate = 0 is not allowed; must be > 0"),
    (["fig1={temperature: -2}"], "fig1.temperature = -2 is not allowed; must be > 0"),
    (["fig1={temperature: 0.01}"], "fig1.temperature"),
    (["fig1={inputs: 3}"], "fig1.inputs = 3 is not allowed"),
    (["fig2={repeats: 0}"], "fig2.repeats = 0 is not allowed; must be >= 1"),
    (["fig2={temperature: [1]}"], "fig2.temperature is not a setting; known are burn_in"),
    (["fig2={temperatures: []}"], "fig2.temperatures = [] is not allowed; must be a list of at"),
    (["fig2={temperatures: [1, 1]}"], "fig2.temperatures = [1, 1] is not allowed"),
    (["fig3={temperatures: [0.01]}"], "must each have a batch; temperature 0.01 needs a"),
    (["fig3={temperatures: [1, -1]}"], "fig3.temperatures.1 = -1 is not allowed; must be > 0"),
    (["fig4b={damping: x}"], "fig4b.damping = 'x' is not allowed; must be of type number"),
    (["fig5={fisher_examples: 2000}"], "fig5.fisher_examples = 2000 is not allowed; must be <="),
    (["fig6={examples: [16384]}"], "fig6.examples = 16384 is not allowed; must be <= 4096"),
    (["fig7={sampled_fraction: 0.0001}"], "fig7.sampled_fraction = 0.0001 is not allowed"),
    (["fig7={panels: {c: {}}}"], "fig7.panels.c is not a setting; known are a, b"),
    (["test_images=4000", "fig5={examples: [4096]}"], "examples = "),
    (["scale=paper", "test_images=500"], "test_images = 500 is not allowed; must be 10000"),
    (["figS1d={examples: 205}"], "figS1d.examples = 205 is not allowed; must be a multiple of 10"),
    (["figS1d={batch_sizes: [5, 10, 200]}"], "must each be < examples = 200"),
    (["figS2b={labels: [16, 64]}"], "figS2b.labels = [16, 64] is not allowed; must each be > inp"),
    (["figS2b={labels: [64, 1025]}"], "and <= examples = 1024"),
    (
        ["figS2b={temperature: 100.0}"],
        "figS2b.temperature = 100.0 is not allowed; must have",
    ),
    (["warm_start={batch_size: 5000}"], "warm_start.batch_size = 5000 is not allowed"),
]


@pytest.mark.parametrize(("settings", "expected"), WRONG, ids=[" ".join(w[0]) for w in WRONG])
def test_a_wrong_setting_is_refused_in_one_line(settings, expected):
    pairs = (setting.split("=", 1) for setting in settings)
    overrides = {key: yaml.safe_load(value) for key, value in pairs}
    with pytest.raises(layers.ConfigError) as caught:
        layers.load(small.ROOT / "config", catalogue.Config, overrides)
    told = str(caught.value)
    assert told.startswith("config: ")
    assert expected in told
    assert "\n" not in told


def test_a_key_that_stands_twice_in_a_file_is_refused(tmp_path):
    for name in ("paper", "quick", "smoke"):
        text = (small.ROOT / f"config/{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with (tmp_path / "quick.yaml").open("a", encoding="utf-8") as file:
        file.write("\nfig5: { repeats: 4 }\n")
    with pytest.raises(layers.ConfigError, match=r"^config: fig5 stands twice in "):
        layers.load(tmp_path, catalogue.Config, {"scale": "quick"})
