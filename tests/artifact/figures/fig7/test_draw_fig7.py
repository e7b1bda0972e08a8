"""Fig. 7, read back."""

import numpy as np
from tests.artifact.drawing import made_up

METRIC = "ensemble_cross_entropy"


def test_panel_a_shows_a_curve_a_learning_rate_and_panel_b_a_curve_a_training_set_size():
    a, b = made_up.draw("fig7").axes
    tables = made_up.TABLES["fig7"]()
    assert len(made_up.curves(a)) == len(made_up.curves(b)) == 2
    for rate in (0.1, 0.2):
        expected = made_up.expected(tables["panel_a"], METRIC, "temperature", learning_rate=rate)
        np.testing.assert_allclose(made_up.named(a, rf"$\epsilon={rate:g}$"), expected)
    for examples in (256, 512):
        expected = made_up.expected(tables["panel_b"], METRIC, "temperature", N=examples)
        np.testing.assert_allclose(made_up.named(b, f"$N={examples}$"), expected)
    assert a.get_title() == "ensemble, $N=512$"
    assert b.get_title() == r"ensemble, $\epsilon=0.125$"
