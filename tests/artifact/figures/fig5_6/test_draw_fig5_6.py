"""Figs 5 and 6, read back."""

import numpy as np
from tests.artifact.drawing import made_up


def assert_shown(axes, label, expected):
    """All rows but those above the panel, where the curve ends."""
    shown = made_up.named(axes, label)
    within = expected[:, 1] <= axes.get_ylim()[1]
    assert within.any()
    np.testing.assert_allclose(shown[within], expected[within])
    np.testing.assert_allclose(shown[~within][:, 0], expected[~within][:, 0])
    assert np.isnan(shown[~within][:, 1:]).all()


def test_fig5_shows_both_scores_against_the_batch_size():
    table = made_up.sweep()
    panels = made_up.draw("fig5").axes
    for axes, kind in zip(panels, ("accuracy", "cross_entropy"), strict=True):
        for label, curve in (("ensemble", "ensemble"), ("single sample", "single")):
            expected = made_up.expected(table, f"{curve}_{kind}", "batch_size")
            assert_shown(axes, label, expected)


def test_fig6_shows_a_panel_a_training_set_size():
    table = made_up.sweep((2048, 4096))
    for axes, examples in zip(made_up.draw("fig6").axes, (2048, 4096), strict=True):
        assert axes.get_title() == f"$N={examples}$"
        for label, curve in (("ensemble", "ensemble"), ("single sample", "single")):
            metric = f"{curve}_cross_entropy"
            expected = made_up.expected(table, metric, "batch_size", N=examples)
            assert_shown(axes, label, expected)
