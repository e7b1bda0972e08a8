"""Fig. S1, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up

from artifact.figures.figS1 import draw_figS1


@pytest.fixture(scope="module")
def panels():
    return made_up.draw("figS1").axes


def test_panel_a_shows_the_papers_sampler_pooled_over_all_dampings(panels):
    table = made_up.exponents()
    pooled = table[table["damping"].isna() & (table["sampler"] == "eq8")]
    for number, (problem, name) in enumerate(draw_figS1.NAMES.items()):
        rows = pooled[pooled["problem"] == problem]
        shown = made_up.named(panels[0], f"{name}: ")
        # Moved apart, so that none hides another.
        np.testing.assert_allclose(shown[:, 0], rows["learning_rate"] + 0.003 * number)
        np.testing.assert_allclose(shown[:, 1], rows["exponent"])
        np.testing.assert_allclose(shown[:, 2], rows["high"] - rows["exponent"])
        limit = rows[rows["learning_rate"] == 0].iloc[0]
        half = limit["high"] - limit["exponent"]
        assert f"{name}: {limit['exponent']:.2f} ± {half:.2f}" in made_up.curves(panels[0])


def test_panel_b_shows_the_limit_of_every_sampler_problem_and_damping(panels):
    table = made_up.exponents()
    limits = table[table["damping"].notna() & (table["learning_rate"] == 0)]
    bars = panels[1].containers
    places = [
        (number, sampler, problem)
        for sampler in draw_figS1.FILLS
        for number, problem in enumerate(draw_figS1.NAMES)
        # Eq. (15) is sampled as the paper has it alone.
        if sampler == "eq8" or number < 3
    ]
    assert len(bars) == len(places) == 11
    for curve, (number, sampler, problem) in zip(bars, places, strict=True):
        chosen = (limits["sampler"] == sampler) & (limits["problem"] == problem)
        rows = limits[chosen].sort_values("damping")
        x, y = np.array(made_up.points(curve[0])).T
        np.testing.assert_array_equal(np.round(x), [0, 1])
        np.testing.assert_allclose(y, rows["exponent"])
        assert curve[0].get_fillstyle() == draw_figS1.FILLS[sampler]
        assert curve[0].get_color() == draw_figS1.style.COLOURS[number]
    assert [t.get_text() for t in panels[1].get_xticklabels()] == ["0.02", "0.2"]


def test_the_exponents_of_the_three_priors_are_marked(panels):
    told = {text.get_text(): text.xy[1] for text in panels[0].texts}
    assert told == {"$k=0$: flat": 0, "$k=0.5$: Theorem 1": 0.5, "$k=1$: its square": 1}
    # Between points, and not through one.
    x = {float(point) for curve in panels[0].containers for point in curve[0].get_xdata()}
    assert all(max(sorted(x)[:-5]) < text.xy[0] < max(x) for text in panels[0].texts)
    for axes in panels:
        heights = [line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1]
        assert {0, 0.5, 1} <= set(heights)
