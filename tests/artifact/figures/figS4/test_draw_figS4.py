"""Fig. S4, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up

from artifact.figures.figS4 import draw_figS4

PLACES = {sampler: place for place, sampler in enumerate(draw_figS4.NAMES)}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("panel", [0, 1])
def test_each_sampler_has_its_mean_and_its_range_for_each_n(panel, number):
    tables = made_up.every_sampler()
    values = tables["table"][["inputs", "sampler", "distance"]]
    if panel:
        values = tables["speed"].assign(distance=tables["speed"].eval("1000*effective/gradients"))
    values = values[values["inputs"] == (2, 64)[number]].groupby("sampler")["distance"]
    axes = made_up.draw("figS4").axes[panel]
    (line,) = [one for one in axes.lines if one.get_label() == f"$n={(2, 64)[number]}$"]
    places = [name for name in PLACES if np.isfinite(values.mean()[name])]
    expected = [(values.mean()[name], PLACES[name] + 0.25 * number) for name in places]
    np.testing.assert_allclose(made_up.points(line), expected)
    segments = np.array(axes.collections[number].get_segments())
    ends = [(values.min()[name], values.max()[name]) for name in places]
    np.testing.assert_allclose(segments[:, :, 0], ends)


def test_a_lost_chain_is_a_cross_on_the_edge_and_the_floor_is_nutss():
    tables = made_up.every_sampler()
    axes = made_up.draw("figS4").axes[0]
    crosses = [made_up.points(one) for one in axes.lines if one.get_marker() == "x"]
    assert crosses == [[(1.0, PLACES["sgd"])]]
    nuts = tables["table"][tables["table"]["sampler"] == "nuts"].groupby("inputs")["distance"]
    floors = [one.get_xdata()[0] for one in axes.lines if one.get_linestyle() == "--"]
    assert floors == pytest.approx(nuts.mean().tolist())


def test_a_sampler_that_was_not_run_has_no_row():
    tables = made_up.every_sampler()
    few = {
        name: table[table["sampler"].isin(["nuts", "sgld", "mandt"])]
        for name, table in tables.items()
    }
    for axes in made_up.draw("figS4", **few).axes:
        assert not [one for one in axes.lines if one.get_marker() == "x"]
        assert len(axes.get_yticks()) == 2
