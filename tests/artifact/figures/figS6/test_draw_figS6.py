"""Fig. S6, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up

from artifact.figures.figS6 import draw_figS6


@pytest.mark.parametrize(
    ("panel", "name", "label", "examples"),
    [
        (0, "fisher", "Fisher", 1024),
        (0, "kfac", "K-FAC", 1024),
        (1, "wide_fisher", "Fisher", 1024),
        (1, "wide_fisher", "Fisher", 4096),
        (1, "wide_kfac", "K-FAC", 1024),
        (1, "wide_kfac", "K-FAC", 4096),
    ],
)
def test_each_metric_has_a_curve_an_n(panel, name, label, examples):
    axes = made_up.draw("figS6").axes[panel]
    table = made_up.TABLES["figS6"]()[name]
    expected = made_up.expected(table, "ensemble_cross_entropy", "temperature", N=examples)
    shown = made_up.curves(axes)[f"{label}, $N={examples}$"]
    np.testing.assert_allclose(shown, expected)
    colours = [curve[0].get_color() for curve in axes.containers]
    assert len(set(colours)) == len(colours) == len(made_up.curves(axes))


def test_an_n_that_was_not_run_is_not_in_the_legend():
    tables = made_up.TABLES["figS6"]()
    tables["wide_kfac"] = tables["wide_kfac"].query("N == 4096")
    axes = draw_figS6.draw(**tables, stamp=made_up.STAMP).axes[1]
    named = {text.get_text() for text in axes.get_legend().get_texts()}
    assert "K-FAC, $N=1024$" not in named
    assert {"Fisher, $N=1024$", "Fisher, $N=4096$", "K-FAC, $N=4096$"} <= named
