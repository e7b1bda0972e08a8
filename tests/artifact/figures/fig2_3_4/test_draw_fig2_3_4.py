"""Figs 2 to 4, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up


@pytest.mark.parametrize("name", ["fig2", "fig3"])
def test_both_panels_show_the_ensemble_and_the_single_samples(name):
    table = made_up.sweep()
    for axes, kind in zip(made_up.draw(name).axes, ("accuracy", "cross_entropy"), strict=True):
        for label, curve in (("ensemble", "ensemble"), ("single sample", "single")):
            expected = made_up.expected(table, f"{curve}_{kind}", "temperature")
            np.testing.assert_allclose(made_up.named(axes, label), expected)


def test_fig4_shows_the_prior_by_damping_and_the_sweep():
    a, b = made_up.draw("fig4").axes
    prior, table = made_up.prior(), made_up.sweep()
    for damping in (1e-4, 1e-2):
        rows = prior[prior["damping"] == damping][["norm", "mean", "standard_error"]]
        np.testing.assert_allclose(made_up.named(a, rf"$\delta={damping:g}$"), rows)
    expected = made_up.expected(table, "ensemble_cross_entropy", "temperature")
    np.testing.assert_allclose(made_up.named(b, "ensemble"), expected)
    expected = made_up.expected(table, "single_cross_entropy", "temperature")
    np.testing.assert_allclose(made_up.named(b, "single sample"), expected)
