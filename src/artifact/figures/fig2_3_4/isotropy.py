"""Section 6.2: does the implicit prior depend on the norm of the parameters alone, as N grows?"""

import jax
import jax.numpy as jnp
import pandas as pd

from artifact.engine.keys import key
from artifact.figures.fig2_3_4.settings_logistic import IsotropySettings
from artifact.problems import logistic
from artifact.protocols import Examples, Progress
from ngd.prior import log_implicit_prior


def run(settings: IsotropySettings, root: int, progress: Progress) -> dict[str, pd.DataFrame]:
    """How far the log prior differs between directions of one norm.

    Inputs and directions are those of a seed; a larger training set begins with the smaller.

    Returns:
        `table`: examples (N), seed, spread (the standard deviation of ln|F + δI|/2 over the
        directions, nats).
    """
    largest = max(settings.examples)

    @jax.jit
    def spread(x: jax.Array, directions: jax.Array) -> jax.Array:
        task = logistic.task(Examples(x, jnp.zeros(len(x), int)))  # no label matters

        def log_prior(direction: jax.Array) -> jax.Array:
            position = logistic.position(settings.norm * direction)
            return log_implicit_prior(task, position, settings.damping)

        return jnp.std(jax.lax.map(log_prior, directions), ddof=1)

    rows = []
    with progress(settings.repeats) as advance:
        for seed in range(settings.repeats):
            x = logistic.inputs(root, settings.inputs, largest, seed=seed)
            drawn = key(root, "logistic", "directions", n=settings.inputs, seed=seed)
            directions = jax.random.normal(drawn, (settings.directions, settings.inputs))
            directions /= jnp.linalg.norm(directions, axis=1, keepdims=True)
            for examples in settings.examples:
                value = float(spread(x[:examples], directions))
                rows.append({"examples": examples, "seed": seed, "spread": value})
            advance(1)
    return {"table": pd.DataFrame(rows)}
