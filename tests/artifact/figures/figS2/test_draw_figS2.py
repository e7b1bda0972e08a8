"""Fig. S2, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up


@pytest.fixture(scope="module")
def panels():
    return made_up.draw("figS2").axes


def statistics(rows, x, values):
    """Means over training sets and their standard errors, by hand."""
    at = sorted(rows[x].unique())
    groups = [values[rows[x] == one].to_numpy() for one in at]
    errors = [g.std(ddof=1) / np.sqrt(len(g)) for g in groups]
    return np.column_stack([at, [g.mean() for g in groups], errors])


def test_panel_a_shows_the_temperature_over_theorem_2s_against_the_learning_rate(panels):
    runs = made_up.theorem_2()
    well = runs[runs["model"] == "well_specified"]
    for examples in (100, 400):
        rows = well[well["N"] == examples]
        expected = statistics(rows, "learning_rate", rows["measured"] / rows["predicted"])
        np.testing.assert_allclose(made_up.named(panels[0], f"$N={examples}$"), expected)
    assert len(made_up.curves(panels[0])) == 2


def test_panel_a_shows_what_a_finite_step_adds(panels):
    """A quadratic cost's variance is T/(1 - ε/2): ε = 0.4 raises it by a quarter."""
    (line,) = (line for line in panels[0].lines if "finite step" in str(line.get_label()))
    shown = dict(np.round(made_up.points(line), 6).tolist())
    assert shown[0.4] == pytest.approx(1.25)
    assert shown[0.1] == pytest.approx(1 / 0.95, abs=1e-6)


def test_panel_b_shows_temperature_and_noise_of_both_models_at_the_least_rate(panels):
    runs = made_up.theorem_2()
    fine = runs[runs["learning_rate"] == 0.1]
    for model in ("misspecified", "well_specified"):
        rows = fine[fine["model"] == model]
        name = model.replace("_", "-")
        for label, values in (
            ("measured", rows["measured"] / rows["predicted"]),
            (r"tr$(F^{-1}\Sigma)/P$", rows["noise_ratio"]),
        ):
            shown = made_up.named(panels[1], f"{name}: {label}")
            np.testing.assert_allclose(shown, statistics(rows, "N", values))
    assert panels[1].get_title() == r"$\epsilon=0.1$"
