"""For which training sets of Figs 2-4b the classes are linearly separable."""

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from artifact.experiments import logistic
from artifact.progress import Progress
from artifact.sweep import Settings


def is_separable(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether some w has y_i w·x_i > 0 for all i, y in {-1, 1}: a linear programme.

    The likelihood then has no maximum, and its posterior under a flat prior no norm.
    """
    apart = -x * (2 * y - 1)[:, None]
    found = linprog(
        np.zeros(x.shape[1]), A_ub=apart, b_ub=-np.ones(len(x)), bounds=(None, None), method="highs"
    )
    if found.status not in (0, 2):
        raise RuntimeError(f"the linear programme ended with: {found.message}")
    return found.status == 0


def run(settings: Settings, root: int, progress: Progress) -> dict[str, pd.DataFrame]:
    """Every training set of the sweep.

    Returns:
        Table `table`: N, seed, separable.
    """
    rows = []
    with progress(len(settings["examples"]) * settings["repeats"]) as advance:
        for examples in settings["examples"]:
            for seed in range(settings["repeats"]):
                train = logistic.simulate(root, settings, examples, seed=seed)
                separable = is_separable(np.asarray(train.x, float), np.asarray(train.y))
                rows.append({"N": examples, "seed": seed, "separable": separable})
                advance(1)
    return {"table": pd.DataFrame(rows)}
