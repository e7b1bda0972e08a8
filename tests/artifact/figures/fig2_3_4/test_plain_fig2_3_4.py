"""Figs 2, 3 and 4b against plain loops."""

import numpy as np
import pytest
from tests.artifact import plain, small

from artifact.engine import chains
from artifact.figures.fig2_3_4 import langevin_sweep, ngd_sweep
from artifact.problems import logistic

ROOT, N = 9, 60
FIGURES = {"fig2": langevin_sweep, "fig3": ngd_sweep, "fig4b": ngd_sweep}


@pytest.mark.parametrize("figure", FIGURES)
def test_the_scores_are_those_of_a_plain_loop(figure):
    sweep = small.settings(
        figure,
        inputs=3,
        true_norm=2.0,
        examples=[N],
        temperatures=[0.5, 1.5],
        burn_in=2,
        samples=3,
        test_examples=40,
    )
    points, settings = sweep.points(), small.of_point(sweep)
    if figure != "fig2":
        assert [point.batch_size for point in points] == [6, 2]
    built = FIGURES[figure].experiment(settings, N, ROOT)
    plan = chains.Plan(figure, points, [3], ROOT, *settings.updates(0.1), together=True)
    runs = chains.run(built, plan, small.silent, small.Nowhere())

    train = logistic.simulate(ROOT, 3, 2.0, N, seed=3)
    test = logistic.simulate(ROOT, 3, 2.0, 40)
    x, y = np.asarray(train.x, float), np.asarray(train.y)
    given = plain.Given(x, y, 0.1, {"fig2": 1e-4, "fig3": 1e-4, "fig4b": 1e-2}[figure])
    for point, row in zip(points, runs.to_dict("records"), strict=True):

        def update(w, rng_key, point=point):
            if figure == "fig2":
                return plain.langevin(given, point.temperature, w, rng_key)
            return plain.stochastic_ngd(given, point.batch_size, w, rng_key, plain.members)

        rng_key = plain.chain_key(ROOT, figure, point, 3, together=True)
        samples = plain.chain(update, np.zeros(3), rng_key, 2, 3)
        probabilities = plain.logistic_probabilities(samples, np.asarray(test.x, float))
        assert row["temperature"] == point.temperature
        plain.assert_scores(row, plain.scores(probabilities, test.y))
