"""Fig. 4a: the implicit prior |F + δI|^{1/2} of logistic regression, section 6.2."""

import jax
import jax.numpy as jnp
import pandas as pd

from artifact.figures.fig2_3_4.settings_logistic import PriorSettings
from artifact.problems import logistic
from artifact.protocols import Examples, Progress
from ngd.prior import log_implicit_prior


def run(settings: PriorSettings, root: int, progress: Progress) -> dict[str, pd.DataFrame]:
    """The prior along the direction of ω_true, relative to its value at |ω| = 0.

    Returns:
        Table `runs`: damping, norm, seed (of the training inputs), value (nats). Table `table`:
        damping, norm, mean and standard_error over the seeds, repeats.
    """
    direction = jnp.zeros(settings.inputs).at[0].set(1.0)

    @jax.jit(static_argnames="damping")
    def log_prior(x: jax.Array, norm: float, damping: float) -> jax.Array:
        labels = jnp.zeros(len(x), int)  # the prior does not depend on them
        task = logistic.task(Examples(x, labels))
        return log_implicit_prior(task, logistic.position(norm * direction), damping)

    rows = []
    with progress(settings.repeats * len(settings.dampings)) as advance:
        for seed in range(settings.repeats):
            x = logistic.inputs(root, settings.inputs, settings.examples, seed=seed)
            for damping in settings.dampings:
                origin = float(log_prior(x, 0.0, damping))
                for norm in settings.norms:
                    value = float(log_prior(x, float(norm), damping)) - origin
                    rows.append({"damping": damping, "norm": norm, "seed": seed, "value": value})
                advance(1)
    runs = pd.DataFrame(rows)
    by_point = runs.groupby(["damping", "norm"])["value"]
    table = by_point.agg(mean="mean", standard_error="sem", repeats="count").reset_index()
    return {"runs": runs, "table": table}
