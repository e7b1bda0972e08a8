"""Fig. 1, read back."""

import numpy as np
import pandas as pd
import pytest
from tests.artifact.drawing import made_up

from artifact.figures.fig1 import draw_fig1


def test_a_panel_shows_its_samplers_iterates_ellipses_and_minimum():
    tables = made_up.fig1()
    panels = made_up.draw("fig1").axes
    first = tables["ellipses"][tables["ellipses"]["seed"] == 0]
    for axes, sampler in zip(panels, draw_fig1.TITLES, strict=True):
        lines = {line.get_label(): made_up.points(line) for line in axes.lines}
        path = tables["iterates"][tables["iterates"]["sampler"] == sampler]
        np.testing.assert_array_equal(lines["iterates"], path[["w1", "w2"]])
        rows = first[first["sampler"] == sampler].set_index("kind")
        labels = {
            "iterates": "covariance of iterates, 3 sd",
            "laplace": "Laplace approximation, 3 sd",
        }
        for kind, label in labels.items():
            row = rows.loc[kind]
            apart = np.array(lines[label]) - [row["m1"], row["m2"]]
            covariance = [[row["c11"], row["c12"]], [row["c12"], row["c22"]]]
            distance = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(covariance), apart)
            np.testing.assert_allclose(distance, 9)
        minimum = rows.loc["laplace"]
        assert lines["minimum of the cost"] == [(minimum["m1"], minimum["m2"])]


def test_the_first_data_set_is_shown_on_the_same_axes():
    ellipses = made_up.fig1()["ellipses"]
    other = ellipses.assign(m1=ellipses["m1"].where(ellipses["seed"] == 0, 99.0))
    a, b = made_up.draw("fig1", ellipses=other).axes
    assert a.get_xlim() == b.get_xlim()
    assert a.get_ylim() == b.get_ylim()
    assert a.get_xlim()[1] < 99


def test_an_ellipse_is_three_standard_deviations_from_the_mean():
    row = pd.Series({"m1": 2.0, "m2": -1.0, "c11": 4.0, "c12": 0.5, "c22": 0.3})
    points = draw_fig1.ellipse(row) - np.array([[2.0], [-1.0]])
    covariance = np.array([[4.0, 0.5], [0.5, 0.3]])
    distance = np.sqrt(np.einsum("in,ij,jn->n", points, np.linalg.inv(covariance), points))
    assert distance == pytest.approx(np.full(distance.shape, 3.0))
