"""Separability, where it is plain to see."""

import numpy as np
from tests.artifact import small

from artifact.figures.figS1bc import separable
from artifact.problems import logistic


def test_separable_classes_are_told_from_overlapping_ones():
    x = np.array([[1.0, 0.0], [2.0, 1.0], [-1.0, 0.5], [-2.0, -1.0]])
    assert separable.is_separable(x, np.array([1, 1, 0, 0]))
    opposite = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert not separable.is_separable(opposite, np.array([1, 1]))


def test_the_table_is_of_the_training_sets_of_fig_2():
    """Three points in a line of which the middle one differs can't be told apart by a sign."""
    sweep = small.settings("fig2", inputs=1, examples=[3, 4], repeats=6)
    table = separable.run(sweep, 11, small.silent)["table"]
    assert len(table) == 12
    for row in table.itertuples():
        train = logistic.simulate(11, 1, sweep.true_norm, row.N, seed=row.seed)
        sides = np.sign(np.asarray(train.x)[:, 0]) * (2 * np.asarray(train.y) - 1)
        assert row.separable == (abs(sides.sum()) == row.N)
    assert table["separable"].nunique() == 2 or sweep.true_norm > 1
