"""What an estimated Fisher does, where it is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.artifact import small

from artifact.figures.figS2b import estimated_fisher
from artifact.figures.figS2b.estimated_fisher import EXACT, Estimate
from artifact.figures.figS2b.settings_estimated_fisher import EstimatedFisherSettings
from ngd import laplace

SETTINGS = EstimatedFisherSettings(
    inputs=3,
    examples=512,
    true_norm=1.0,
    labels=[96],
    smoothings=[0.0],
    learning_rate=0.1,
    temperature=1.0,
    burn_in=6.0,
    samples=40.0,
    chains=40,
    repeats=3,
)


@pytest.fixture(scope="module")
def fitted():
    task = estimated_fisher.training_set(SETTINGS, 1, 0)
    return task, laplace.minimise(task, {"params": {"weights": jnp.zeros(3)}})


@pytest.mark.parametrize("labels", [96, 512])
def test_the_relative_error_is_that_of_drawn_estimates(fitted, labels):
    task, minimum = fitted
    metric = estimated_fisher.metric_of(task, Estimate(labels, 0.0))
    draw = jax.jit(jax.vmap(lambda key: metric.factor(key, minimum)[0].written()))
    rows = np.asarray(draw(jax.random.split(jax.random.key(0), 2000)), float)
    x = np.asarray(task.x, float)
    p = 1 / (1 + np.exp(-x @ np.asarray(minimum["params"]["weights"], float)))
    fisher = (x * (p * (1 - p))[:, None]).T @ x / len(x)
    apart = np.linalg.solve(fisher, np.einsum("kmp,kmq->kpq", rows, rows)) - np.eye(3)
    squares = np.einsum("kpq,kqp->k", apart, apart) / 3
    error = squares.std() / len(squares) ** 0.5
    # Of the order 1/(MN), which is left out: at most v/N.
    room = squares.mean() / len(x)
    found = estimated_fisher.relative_error(task, minimum, labels)
    assert abs(found - squares.mean()) < 4.5 * error + 2 * room
    assert error < 0.05 * squares.mean()


def test_an_average_counts_as_more_labels(fitted):
    alone, averaged = (
        estimated_fisher.predicted(*fitted, Estimate(96, smoothing)) - 1 for smoothing in (0, 0.9)
    )
    assert alone == pytest.approx(2 * estimated_fisher.relative_error(*fitted, 96))
    assert averaged == pytest.approx(alone / 19)
    assert estimated_fisher.predicted(*fitted, EXACT) == 1


def test_the_summary_of_known_draws_is_theirs():
    rng = np.random.default_rng(0)
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    path = rng.multivariate_normal([3, -1], 1.7 * covariance, 40_000)
    found = estimated_fisher.summarise(path, 2 + 0.3 * path[:, 0], covariance)
    # The variance of a mean over 2 directions and n draws is T² 2/(2n).
    assert abs(found.temperature - 1.7) < 4.5 * 1.7 * 40_000**-0.5
    assert found.mean == pytest.approx(2.9, abs=4.5 * 0.3 * 3.4**0.5 / 200)
    assert found.deviation == pytest.approx(0.3 * 3.4**0.5, rel=4.5 / (2 * 40_000) ** 0.5)


def test_a_diverged_chain_is_infinitely_hot():
    found = estimated_fisher.summarise(np.array([[1.0], [np.nan]]), np.zeros(2), np.eye(1))
    assert np.isinf(found.temperature)
    assert np.isnan(found.mean)


def test_an_estimate_heats_the_chain_by_twice_its_relative_error():
    """To first order; what is left out is of the order v²."""
    runs = estimated_fisher.run(SETTINGS, 1, small.silent)["runs"]
    assert len(runs) == 2 * SETTINGS.repeats
    exact, estimated = (runs[runs["labels"] == labels] for labels in (0, 96))
    assert (exact[["ratio", "predicted"]] == 1).all(axis=None)
    assert (exact["shift"] == 0).all()
    excess = estimated["predicted"] - 1
    assert (excess > 0.05).all()
    miss = estimated["ratio"] - estimated["predicted"]
    assert -4.5 * miss.sem() < miss.mean() < 4.5 * miss.sem() + 3 * (excess**2).max()
    # So small that a chain which is not heated would fail.
    assert 4.5 * miss.sem() < excess.mean()
