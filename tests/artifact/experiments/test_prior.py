"""Fig. 4a's table against numpy."""

from contextlib import contextmanager

import numpy as np
import pytest

from artifact.problems import logistic
from artifact.figures.fig2_3_4 import implicit_prior as prior

SETTINGS = {
    "inputs": 4,
    "examples": 80,
    "dampings": [1e-4, 1e-1],
    "norms": [0, 2, 6],
    "repeats": 3,
}


@contextmanager
def silent(total):
    yield lambda done: None


def test_the_prior_is_half_the_log_determinant_averaged_over_inputs():
    table = prior.run(SETTINGS, 7, silent)["table"]
    for row in table.to_dict("records"):
        values = []
        for seed in range(3):
            x = np.asarray(logistic.inputs(7, SETTINGS, 80, seed=seed), float)

            def half(norm, x=x, damping=row["damping"]):
                p = 1 / (1 + np.exp(-norm * x[:, 0]))
                fisher = (x * (p * (1 - p))[:, None]).T @ x / 80
                return 0.5 * np.linalg.slogdet(fisher + damping * np.eye(4))[1]

            values.append(half(row["norm"]) - half(0))
        assert row["mean"] == pytest.approx(np.mean(values), rel=1e-3, abs=1e-4)
        assert row["standard_error"] == pytest.approx(
            np.std(values, ddof=1) / np.sqrt(3), rel=1e-2, abs=1e-4
        )
