"""Fig. S5, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up

from artifact.figures.figS5 import draw_figS5


@pytest.mark.parametrize(("panel", "kind"), [(0, "ensemble"), (1, "single")])
def test_a_panel_shows_each_sampler_against_t(panel, kind):
    axes = made_up.draw("figS5").axes[panel]
    assert [*made_up.curves(axes)] == [*draw_figS5.NAMES.values()]
    for name, table in made_up.TABLES["figS5"]().items():
        expected = made_up.expected(table, f"{kind}_cross_entropy", "temperature")
        shown = made_up.curves(axes)[draw_figS5.NAMES[name]]
        within = expected[:, 1] <= axes.get_ylim()[1]
        assert within.any()
        np.testing.assert_allclose(shown[within], expected[within])
        assert np.isnan(shown[~within][:, 1:]).all()
