"""Fig. S1d, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up

from artifact.figures.figS1d import draw_figS1d


@pytest.fixture(scope="module")
def panels():
    return made_up.draw("figS1d").axes


def test_panel_a_shows_the_coins_ratio_of_densities_with_bars_of_95_per_cent(panels):
    tables = made_up.slopes()
    ratios, limits = (table[table["problem"] == "coin"] for table in tables.values())
    assert len(made_up.curves(panels[0])) == len(draw_figS1d.SHOWN)
    for sampler, name in draw_figS1d.SHOWN.items():
        rows = ratios[ratios["sampler"] == sampler]
        (limit,) = limits[limits["sampler"] == sampler].to_dict("records")
        half = limit["high"] - limit["slope"]
        shown = made_up.curves(panels[0])[f"{name}: {limit['slope']:.2f} ± {half:.2f}"]
        bars = 1.959964 * rows["standard_error"]
        expected = np.column_stack([rows["log_jacobian"], rows["log_ratio"], bars])
        np.testing.assert_allclose(shown, expected, rtol=1e-3)


def test_panel_a_has_theorys_slope_through_the_points_weighted_middle(panels):
    tables = made_up.slopes()
    ratios, limits = (table[table["problem"] == "coin"] for table in tables.values())
    lines = [line for line in panels[0].lines if line.get_marker() == "None"]
    lines = [line for line in lines if len(line.get_xdata()) == 5]
    assert len(lines) == len(draw_figS1d.SHOWN)
    for line, sampler in zip(lines, draw_figS1d.SHOWN, strict=True):
        rows = ratios[ratios["sampler"] == sampler]
        (limit,) = limits[limits["sampler"] == sampler].to_dict("records")
        x, y = np.array(made_up.points(line)).T
        np.testing.assert_allclose(np.diff(y) / np.diff(x), limit["predicted"])
        # Least squares: the weighted misses cancel.
        miss = (rows["log_ratio"].to_numpy() - y) / rows["standard_error"].to_numpy() ** 2
        assert abs(miss.sum()) < 1e-9 * abs(miss).sum()


def test_panel_b_shows_every_limit_and_what_theory_has_there(panels):
    limits = made_up.slopes()["limits"].set_index(["problem", "sampler"])
    shown = made_up.curves(panels[1])
    assert list(shown) == list(draw_figS1d.PROBLEMS)
    # The caps of bars are dashes too, but not black.
    theory = [line for line in panels[1].lines if line.get_color() == "#000000"]
    theory = [made_up.points(line) for line in theory if len(line.get_xdata()) == 6]
    for number, (problem, points) in enumerate(shown.items()):
        rows = limits.loc[problem].loc[list(draw_figS1d.SAMPLERS)]
        np.testing.assert_array_equal(np.round(points[:, 0]), range(6))
        np.testing.assert_allclose(points[:, 1], rows["slope"])
        np.testing.assert_allclose(points[:, 2], rows["high"] - rows["slope"])
        np.testing.assert_allclose(np.array(theory[number])[:, 1], rows["predicted"])
        np.testing.assert_allclose(np.array(theory[number])[:, 0], points[:, 0])
