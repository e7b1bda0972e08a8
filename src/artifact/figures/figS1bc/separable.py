"""For which training sets of Figs 2-4b the classes are linearly separable."""

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from artifact.figures.fig2_3_4.settings_logistic import LangevinSweep
from artifact.problems import logistic
from artifact.protocols import Progress


def is_separable(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether some w has y_i w·x_i > 0 for all i, y in {-1, 1}: a linear programme.

    The likelihood then has no maximum, and its posterior under a flat prior no norm.
    """
    n = x.shape[1]
    apart = np.hstack([-x * (2 * y - 1)[:, None], np.ones((len(x), 1))])
    # The margin's largest value for |ω_j| <= 1, which always exists: zero, at ω = 0, unless the
    # classes are separable. Asking for any ω of margin one leaves HiGHS without an answer at times.
    found = linprog(
        np.append(np.zeros(n), -1.0),
        A_ub=apart,
        b_ub=np.zeros(len(x)),
        bounds=[(-1, 1)] * n + [(0, None)],
        method="highs",
    )
    if found.status != 0:
        raise RuntimeError(f"the linear programme ended with: {found.message}")
    return bool(-found.fun > 1e-6)


def run(settings: LangevinSweep, root: int, progress: Progress) -> dict[str, pd.DataFrame]:
    """Every training set of the sweep.

    Returns:
        Table `table`: N, seed, separable.
    """
    rows = []
    with progress(len(settings.examples) * settings.repeats) as advance:
        for examples in settings.examples:
            for seed in range(settings.repeats):
                train = logistic.simulate(
                    root, settings.inputs, settings.true_norm, examples, seed=seed
                )
                separable = is_separable(np.asarray(train.x, float), np.asarray(train.y))
                rows.append({"N": examples, "seed": seed, "separable": separable})
                advance(1)
    return {"table": pd.DataFrame(rows)}
