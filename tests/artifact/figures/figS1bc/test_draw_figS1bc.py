"""Figs S1b and S1c, read back."""

import numpy as np
from tests.artifact.drawing import made_up

METRIC = "ensemble_cross_entropy"


def assert_three_priors(axes, tables, equation, damped):
    """The paper's sampler first."""
    names = {
        f"{equation}, $k=1$": ("eq8" if "8" in equation else "eq16"),
        "Jeffreys, $k=1/2$": "jeffreys",
        "flat, $k=0$": "flat",
    }
    for label, name in names.items():
        table = tables[name + ("_damped" if damped else "")]
        expected = made_up.expected(table, METRIC, "temperature")
        np.testing.assert_allclose(made_up.named(axes, label), expected)


def test_figS1b_shows_three_priors_a_damping_and_the_separable_sets_apart():
    a, b = made_up.draw("figS1b").axes
    tables = made_up.TABLES["figS1b"]()
    assert_three_priors(a, tables, "eq. (8)", damped=False)
    assert_three_priors(b, tables, "eq. (8)", damped=True)
    runs = made_up.runs()
    for label, seeds in (("2 separable sets", [0, 2]), ("1 not separable sets", [1])):
        chosen = runs[runs["seed"].isin(seeds)].groupby("temperature")[METRIC].mean()
        shown = made_up.named(a, label)
        np.testing.assert_allclose(shown[:, :2], np.column_stack([chosen.index, chosen]))
    assert len(made_up.curves(a)) == 5
    assert len(made_up.curves(b)) == 3


def test_figS1c_shows_three_priors_a_damping_and_gaussian_noise():
    a, b = made_up.draw("figS1c").axes
    tables = made_up.TABLES["figS1c"]()
    assert_three_priors(a, tables, "eq. (16)", damped=False)
    assert_three_priors(b, tables, "eq. (16)", damped=True)
    expected = made_up.expected(tables["gaussian"], METRIC, "temperature")
    np.testing.assert_allclose(made_up.named(a, "Jeffreys, Gaussian noise"), expected)
    assert len(made_up.curves(a)) == 4
    assert len(made_up.curves(b)) == 3
