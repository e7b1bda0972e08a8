"""The figure of the readings, read back."""

import numpy as np
from tests.artifact.drawing import made_up

METRIC = "ensemble_cross_entropy"


def test_a_panel_shows_a_reading_beside_the_one_that_was_chosen():
    tables = made_up.TABLES["readings"]()
    panels = made_up.draw("readings").axes
    assert [axes.get_title() for axes in panels] == ["other", "wide", "CNN: other"]
    for axes in panels:
        name = axes.get_title().replace("CNN: ", "cnn_")
        base = "cnn_base" if name.startswith("cnn") else "base"
        shown = made_up.curves(axes)
        assert shown.keys() == {"ours", name}
        for label, of in (("ours", base), (name, name)):
            expected = made_up.expected(tables[of], METRIC, "temperature")
            np.testing.assert_allclose(shown[label], expected)
