"""Figs S1b and S1c against plain loops; the drift that Theorem 1 leaves out by differences."""

import jax
import numpy as np
import pytest
from tests.artifact import plain, small

from artifact.engine import chains
from artifact.figures.figS1bc import riemannian_sweep
from artifact.problems import logistic

ROOT, N, SEED, K = 9, 50, 2, 0.5
GROUPS = {
    "figS1_jeffreys_damped": "metric",
    "figS1_covariance_jeffreys": "covariance",
    "figS1_ngd_jeffreys_damped": "minibatch",
}


def correction(w, x, damping, k, step=1e-4):
    """∇·G⁻¹ + k G⁻¹ ∇ln|G| by central differences."""

    def inverse(w):
        return np.linalg.inv(plain.damped(plain.logistic_fisher(w, x), damping))

    divergence, slope = np.zeros(len(w)), np.zeros(len(w))
    for j, e in enumerate(step * np.eye(len(w))):
        divergence += (inverse(w + e) - inverse(w - e))[:, j] / (2 * step)
        # ln|G| = -ln|G⁻¹|.
        ends = [np.linalg.slogdet(inverse(w + sign * e))[1] for sign in (1, -1)]
        slope[j] = (ends[1] - ends[0]) / (2 * step)
    return divergence + k * inverse(w) @ slope


@pytest.mark.parametrize("group", GROUPS)
def test_the_scores_are_those_of_a_plain_loop(group):
    sweep = small.settings(
        group,
        inputs=2,
        true_norm=2.0,
        examples=[N],
        temperatures=[1.3],
        burn_in=2,
        samples=2,
        test_examples=40,
    )
    (point,), settings = sweep.points(), small.of_point(sweep)
    assert settings.prior_exponent == K
    built = riemannian_sweep.experiment(settings, N, ROOT)
    plan = chains.Plan(group, [point], [SEED], ROOT, 2, 2)
    (row,) = chains.run(built, plan, small.silent, small.Nowhere()).to_dict("records")

    train = logistic.simulate(ROOT, 2, 2.0, N, seed=SEED)
    x, y = np.asarray(train.x, float), np.asarray(train.y)
    damping = 1e-2 if group.endswith("damped") else 1e-4
    given = plain.Given(x, y, 0.1, damping)
    kind = GROUPS[group]

    def update(w, rng_key):
        t = 1.3
        if kind == "minibatch":
            t = 0.1 / 2 * (N / point.batch_size - 1)
            plainly = plain.stochastic_ngd(given, point.batch_size, w, rng_key)
        elif kind == "metric":
            plainly = plain.langevin(given, t, w, rng_key)
        else:
            _, key_noise = jax.random.split(rng_key)
            _, key_rows = jax.random.split(key_noise)
            rows = plain.logistic_gradients(w, x, y)
            z = plain.normal(key_rows, N)
            alpha = np.sqrt(2 * t / (0.1 * N)) * (rows - rows.mean(axis=0)).T @ z / np.sqrt(N)
            metric = plain.damped(plain.logistic_fisher(w, x), damping)
            plainly = w - 0.1 * np.linalg.solve(metric, rows.mean(axis=0) + alpha)
        return plainly + 0.1 * t / N * correction(w, x, damping, K)

    rng_key = plain.chain_key(ROOT, group, point, SEED)
    samples = plain.chain(update, np.zeros(2), rng_key, 2, 2)
    test = logistic.simulate(ROOT, 2, 2.0, 40)
    probabilities = plain.logistic_probabilities(samples, np.asarray(test.x, float))
    plain.assert_scores(row, plain.scores(probabilities, test.y), tolerance=1e-4)
