"""Fig. S3, read back."""

import numpy as np
import pytest
from tests.artifact.drawing import made_up

from artifact.figures.figS3 import draw_figS3

PLACES = {sampler: place for place, sampler in enumerate(draw_figS3.NAMES)}


@pytest.mark.parametrize(("panel", "inputs"), [(0, 2), (1, 64)])
def test_a_panel_shows_each_samplers_mean_distance_from_each_density_and_their_range(panel, inputs):
    axes = made_up.draw("figS3").axes[panel]
    table = made_up.gold_standard()["table"]
    table = table[table["inputs"] == inputs]
    lines = {line.get_label(): made_up.points(line) for line in axes.lines}
    ranges = [np.array(one.get_segments()) for one in axes.collections]
    for number, (k, label) in enumerate(draw_figS3.TARGETS.items()):
        assert len(lines[label]) == len(PLACES)
        for sampler, place in PLACES.items():
            chosen = (table["exponent"] == k) & (table["sampler"] == sampler)
            distances = table["distance"][chosen]
            x, shown = lines[label][place]
            assert x == pytest.approx(place + 0.2 * (number - 1))
            assert shown == pytest.approx(distances.mean())
            ends = ranges[number][place][:, 1]
            assert ends == pytest.approx([distances.min(), distances.max()])
    assert axes.get_title() == f"$n={inputs}$"


def test_effective_samples_a_second_stand_below_each_sampler():
    """1000 i in 2 s and in 3 s: the median of 500 i and 333.3 i. Of NUTS that of k = 0."""
    for axes in made_up.draw("figS3").axes:
        told = [text.get_text() for text in axes.get_xticklabels()]
        for sampler, place in PLACES.items():
            number = made_up.GOLD.index(sampler) + 1
            median = (1000 * number / 2 + 1000 * number / 3) / 2
            assert told[place] == f"{draw_figS3.NAMES[sampler]}\n({median:,.0f})"
