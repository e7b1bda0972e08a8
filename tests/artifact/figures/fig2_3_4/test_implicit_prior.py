"""Fig. 4a's table against numpy."""

import jax
import numpy as np
import pytest
from tests.artifact import small

from artifact.engine.keys import key
from artifact.figures.fig2_3_4 import implicit_prior, isotropy
from artifact.problems import logistic

SETTINGS = small.settings(
    "fig4a", inputs=4, examples=80, dampings=[1e-4, 1e-1], norms=[0, 2, 6], repeats=3
)


def test_the_prior_is_half_the_log_determinant_averaged_over_inputs():
    table = implicit_prior.run(SETTINGS, 7, small.silent)["table"]
    for row in table.to_dict("records"):
        values = []
        for seed in range(3):
            x = np.asarray(logistic.inputs(7, 4, 80, seed=seed), float)

            def half(norm, x=x, damping=row["damping"]):
                p = 1 / (1 + np.exp(-norm * x[:, 0]))
                fisher = (x * (p * (1 - p))[:, None]).T @ x / 80
                return 0.5 * np.linalg.slogdet(fisher + damping * np.eye(4))[1]

            values.append(half(row["norm"]) - half(0))
        assert row["mean"] == pytest.approx(np.mean(values), rel=1e-3, abs=1e-4)
        assert row["standard_error"] == pytest.approx(
            np.std(values, ddof=1) / np.sqrt(3), rel=1e-2, abs=1e-4
        )


def test_the_spread_is_that_of_the_log_prior_over_directions():
    settings = small.settings(
        "isotropy", inputs=3, examples=[40, 60], damping=1e-3, norm=2.0, directions=5, repeats=2
    )
    table = isotropy.run(settings, 7, small.silent)["table"]
    assert len(table) == 4
    for row in table.to_dict("records"):
        seed, examples = int(row["seed"]), int(row["examples"])
        x = np.asarray(logistic.inputs(7, 3, 60, seed=seed), float)[:examples]
        drawn = key(7, "logistic", "directions", n=3, seed=seed)
        values = []
        for direction in np.asarray(jax.random.normal(drawn, (5, 3)), float):
            p = 1 / (1 + np.exp(-2 * x @ direction / np.linalg.norm(direction)))
            fisher = (x * (p * (1 - p))[:, None]).T @ x / examples
            values.append(0.5 * np.linalg.slogdet(fisher + 1e-3 * np.eye(3))[1])
        assert row["spread"] == pytest.approx(np.std(values, ddof=1), rel=1e-3)
