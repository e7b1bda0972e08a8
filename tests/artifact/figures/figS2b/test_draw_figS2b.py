"""Fig. S2b, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up

LABELS = (64, 256, 1024)
NAMES = {0.0: "each estimate alone", 0.9: r"average, $\alpha=0.9$"}


@pytest.fixture(scope="module")
def panels():
    return made_up.draw("figS2b").axes


def at(smoothing, column):
    """The training sets' values at each number of labels."""
    runs = made_up.estimates()
    rows = runs[runs["smoothing"] == smoothing]
    return [rows.loc[rows["labels"] == labels, column].to_numpy() for labels in LABELS]


@pytest.mark.parametrize("smoothing", NAMES)
def test_the_panels_show_ratio_and_shift_of_every_estimate_but_the_exact_one(panels, smoothing):
    for axes, column in zip(panels, ("ratio", "shift"), strict=True):
        values = at(smoothing, column)
        errors = [v.std(ddof=1) / np.sqrt(len(v)) for v in values]
        expected = np.column_stack([LABELS, [v.mean() for v in values], errors])
        np.testing.assert_allclose(made_up.curves(axes)[NAMES[smoothing]], expected)
        assert len(made_up.curves(axes)) == len(NAMES)


def test_panel_a_has_the_lines_of_theory(panels):
    lines = [line for line in panels[0].lines if line.get_marker() == "None"]
    lines = [made_up.points(line) for line in lines if len(line.get_xdata()) == len(LABELS)]
    for line, smoothing in zip(lines, NAMES, strict=True):
        expected = [value.mean() for value in at(smoothing, "predicted")]
        np.testing.assert_allclose(line, np.column_stack([LABELS, expected]))


def test_the_band_of_what_counts_as_the_same_is_a_tenth_either_way(panels):
    for axes, same in zip(panels, (1.0, 0.0), strict=True):
        (band,) = axes.patches
        assert band.get_y() == pytest.approx(same - 0.1)
        assert band.get_height() == pytest.approx(0.2)
    assert [text.get_text() for text in panels[0].get_xticklabels()] == ["64", "256", "1024"]


def test_where_a_chain_diverged_there_is_a_cross_and_the_mean_of_the_others():
    table = made_up.estimates()
    lost = (table["labels"] == 64) & (table["smoothing"] == 0) & (table["seed"] == 1)
    table.loc[lost, ["ratio", "shift"]] = np.inf, np.nan
    panels = made_up.draw("figS2b", table=table).axes
    for axes, column in zip(panels, ("ratio", "shift"), strict=True):
        first = made_up.curves(axes)[NAMES[0.0]][0]
        assert first[1] == pytest.approx(at(0.0, column)[0][[0, 2]].mean())
        (crosses,) = (line for line in axes.lines if line.get_marker() == "x")
        assert made_up.points(crosses) == [(64, 1)]
        assert crosses.get_label() == "some repeats diverged"
