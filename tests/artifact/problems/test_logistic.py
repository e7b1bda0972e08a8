"""Simulated data, drawn by hand."""

import jax
import numpy as np
import pytest

from artifact.engine.keys import key
from artifact.problems import logistic
from ngd.task import mean_cost


def test_labels_follow_the_true_parameters():
    drawn = logistic.simulate(1, 2, 2.0, 40000)
    x, y = np.asarray(drawn.x, float), np.asarray(drawn.y)
    p = 1 / (1 + np.exp(-2.0 * x[:, 0]))
    z = (y - p).sum() / np.sqrt((p * (1 - p)).sum())
    slope = ((y - p) * x[:, 0]).sum() / np.sqrt((p * (1 - p) * x[:, 0] ** 2).sum())
    assert abs(z) < 4.5
    assert abs(slope) < 4.5


def test_inputs_are_of_the_unit_gaussian_and_independent():
    x = np.asarray(logistic.inputs(1, 3, 40000), float)
    assert np.abs(x.mean(axis=0)).max() < 4.5 / 200
    # The variance of x², and of x_i x_j, is 2 and 1.
    assert np.abs(np.cov(x.T) - np.eye(3)).max() < 4.5 * np.sqrt(2) / 200


def test_training_sets_of_other_seeds_and_the_test_set_are_drawn_anew():
    sets = [logistic.simulate(1, 3, 2.0, 50, seed=seed) for seed in range(3)]
    sets += [logistic.simulate(1, 3, 2.0, 50), logistic.simulate(2, 3, 2.0, 50)]
    first = {float(one.x[0, 0]) for one in sets}
    assert len(first) == len(sets)


def test_the_same_inputs_serve_any_norm():
    weak, strong = (logistic.simulate(1, 3, norm, 2000, seed=0) for norm in (1.0, 16.0))
    np.testing.assert_array_equal(weak.x, strong.x)
    agrees = [np.mean((s.x[:, 0] > 0) == s.y) for s in (weak, strong)]
    assert agrees[0] < agrees[1]


def test_a_set_is_the_one_of_its_named_keys():
    train = logistic.simulate(7, 3, 2.0, 20, seed=4)
    x = jax.random.normal(key(7, "logistic", "inputs", n=3, examples=20, seed=4), (20, 3))
    np.testing.assert_array_equal(train.x, x)
    drawn = key(7, "logistic", "labels", n=3, examples=20, norm=2.0, seed=4)
    p = 1 / (1 + np.exp(-2.0 * np.asarray(x[:, 0], float)))
    np.testing.assert_array_equal(train.y, np.asarray(jax.random.uniform(drawn, (20,))) < p)


def test_the_cost_of_the_task_is_that_of_the_textbook_without_a_regulariser():
    train = logistic.simulate(7, 3, 2.0, 20, seed=4)
    w = np.array([0.3, -2.0, 1.0], np.float32)
    expected = np.logaddexp(0, -(2 * np.asarray(train.y) - 1) * (np.asarray(train.x) @ w)).mean()
    found = mean_cost(logistic.task(train), logistic.position(w))
    assert float(found) == pytest.approx(expected, rel=1e-5)
