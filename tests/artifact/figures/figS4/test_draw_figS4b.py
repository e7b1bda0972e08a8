"""Fig. S4b as drawn."""

import pytest
from tests.artifact.drawing import made_up

from artifact.figures.figS4 import draw_figS4b

PLACES = {name: place for place, name in enumerate(draw_figS4b.NAMES)}


def places(axes):
    """Where a label of the left axis stands, counted from the top."""
    return dict(zip(axes.get_yticks(), [t.get_text() for t in axes.get_yticklabels()], strict=True))


def test_a_sampler_is_drawn_in_the_row_that_bears_its_name():
    a, b = made_up.draw("figS4b").axes
    named = places(a)
    drawn = dict(zip(*a.lines[1].get_data()[::-1], strict=True))
    for row, distance in drawn.items():
        (name,) = [key for key, label in draw_figS4b.NAMES.items() if label == named[row]]
        assert distance == pytest.approx(0.01 * (PLACES[name] + 1) + 0.001)
    assert draw_figS4b.NAMES["hmc"] not in {named[row] for row in drawn}
    # SGD's chains of a training set diverged: a cross, no mean.
    lost = next(row for row, label in named.items() if label == draw_figS4b.NAMES["sgd"])
    assert lost not in drawn
    assert len(drawn) == len(PLACES) - 2
    assert a.get_ylim() == b.get_ylim()


def test_a_sampler_without_effective_samples_is_a_cross_where_the_worst_are():
    tables = made_up.network_samplers()
    dead = tables["speed"]["sampler"].eq("sgld") & tables["speed"]["repeat"].eq(1)
    tables["speed"].loc[dead, "effective"] = 0.0
    _, b = draw_figS4b.draw(**tables, stamp=made_up.STAMP).axes
    crosses = [made_up.points(one) for one in b.lines if one.get_marker() == "x"]
    assert crosses == [[(0.0, PLACES["sgld"])]]


def test_the_line_is_hmcs_distance_from_itself_and_rates_are_for_a_thousand_gradients():
    a, b = made_up.draw("figS4b").axes
    assert a.lines[0].get_xdata()[0] == pytest.approx(0.011)
    drawn = dict(zip(*b.lines[0].get_data()[::-1], strict=True))
    assert drawn[0] == pytest.approx(1000 * 50.5 / 500)
    assert drawn[PLACES["sgd"]] == pytest.approx(1000 * (50 * (PLACES["sgd"] + 1) + 0.5) / 500)
