"""Fig. 1's tables against numpy and scipy."""

import numpy as np
import pytest
import scipy.optimize
from tests.artifact import small

from artifact.figures.fig1 import iterates
from artifact.problems import logistic

SETTINGS = small.settings("fig1", examples=300, true_norm=4.0, burn_in=20, samples=50, repeats=2)


@pytest.fixture(scope="module")
def tables():
    return iterates.run(SETTINGS, 3, small.silent)


def test_the_iterates_ellipse_is_their_mean_and_covariance(tables):
    ellipses = tables["ellipses"]
    for sampler, path in tables["iterates"].groupby("sampler"):
        assert path["update"].tolist() == list(range(50))
        (row,) = ellipses[
            (ellipses["sampler"] == sampler)
            & (ellipses["kind"] == "iterates")
            & (ellipses["seed"] == 0)
        ].to_dict("records")
        covariance = np.cov(path[["w1", "w2"]].T)
        assert [row["m1"], row["m2"]] == pytest.approx(path[["w1", "w2"]].mean().tolist())
        assert [row["c11"], row["c12"], row["c22"]] == pytest.approx(
            [covariance[0, 0], covariance[0, 1], covariance[1, 1]]
        )


def test_the_laplace_ellipse_is_at_the_minimum_with_the_inverse_hessian(tables):
    ellipses = tables["ellipses"]
    for seed in range(2):
        train = logistic.simulate(3, 2, 4.0, 300, seed=seed)
        x, y = np.asarray(train.x, float), np.asarray(train.y)
        sign = 2 * y - 1
        cost = lambda w: np.logaddexp(0, -sign * (x @ w)).sum()  # noqa: E731, B023
        minimum = scipy.optimize.minimize(cost, np.zeros(2)).x
        p = 1 / (1 + np.exp(-x @ minimum))
        covariance = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
        rows = ellipses[(ellipses["kind"] == "laplace") & (ellipses["seed"] == seed)]
        assert len(rows) == 2
        for row in rows.to_dict("records"):
            assert [row["m1"], row["m2"]] == pytest.approx(minimum, rel=2e-3, abs=2e-3)
            assert [row["c11"], row["c12"], row["c22"]] == pytest.approx(
                [covariance[0, 0], covariance[0, 1], covariance[1, 1]], rel=5e-3, abs=2e-4
            )


def test_the_samplers_draw_different_noise(tables):
    paths = tables["iterates"].groupby("sampler")["w1"].apply(list)
    assert paths["preconditioned_langevin"] != paths["stochastic_ngd"]
