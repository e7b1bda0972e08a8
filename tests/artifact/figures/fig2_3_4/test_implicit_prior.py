"""Fig. 4a's table against numpy."""

import numpy as np
import pytest
from tests.artifact import small

from artifact.figures.fig2_3_4 import implicit_prior
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
