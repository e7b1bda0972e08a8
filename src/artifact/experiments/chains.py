"""Chains at one point of a sweep: burnt in, sampled, and scored as an ensemble."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Int, PRNGKeyArray

from artifact.checkpoint import Checkpoints
from artifact.keys import key
from artifact.progress import Progress
from artifact.sweep import Point, Settings, updates
from ngd import predictive, sampling
from ngd.samplers.algorithm import Info, SamplingAlgorithm
from ngd.task import Params, Task

PIECES = 40
"""A chain runs in so many calls, for the progress bar; the numbers don't depend on it."""

TEST_EXAMPLES_AT_A_TIME = 2000


class Examples(NamedTuple):
    """Inputs and labels."""

    x: Array
    y: Int[Array, " n"]


class Experiment(NamedTuple):
    """What the sweeps differ in.

    Attributes:
        task: the model on a training set.
        algorithm: the sampler on a task, at this point.
        train: the training set of a seed.
        position: where the chain of a seed starts.
        test: where ensembles are scored.
        labels: K.
    """

    task: Callable[[Examples], Task]
    algorithm: Callable[[Task], SamplingAlgorithm]
    train: Callable[[int], Examples]
    position: Callable[[int], Params]
    test: Examples
    labels: int


class Kept(NamedTuple):
    """What is kept of a chain: its ensemble, and the update at which it diverged or -1."""

    ensemble: predictive.Ensemble
    diverged_at: Int[Array, ""]


def chain_key(root: int, figure: str, point: Point, seed: int) -> PRNGKeyArray:
    """The key of a chain, by its figure, N, ε, T and seed."""
    return key(
        root,
        figure,
        "chain",
        N=point.examples,
        learning_rate=point.learning_rate,
        temperature=point.temperature,
        seed=seed,
    )


def run_point(
    experiment: Experiment,
    figure: str,
    settings: Settings,
    point: Point,
    root: int,
    progress: Progress,
    checkpoints: Checkpoints,
) -> dict[str, pd.DataFrame]:
    """The test scores of every seed's chain at one point.

    Args:
        experiment: model, sampler and data.
        figure: its name, a coordinate of the chains' keys.
        settings: the figure's: repeats, and how long to burn in and to sample.
        point: N, ε, T and B.
        root: the root seed.
        progress: told of the updates done.
        checkpoints: where a killed job left off, and this one will.

    Returns:
        Table `runs`, a row a seed: `tables.COORDINATES`, seed, the fields of
        `predictive.Scores`, and diverged_at, the update at which the chain left the finite
        numbers, or -1.
    """
    test = experiment.test
    model = experiment.task(test).logits

    def logits(position: Params) -> Array:
        # In pieces, since a network's activations on all test images take most of a job's memory.
        return jax.lax.map(
            lambda x: model(position, x[None])[0], test.x, batch_size=TEST_EXAMPLES_AT_A_TIME
        )

    burn_in, samples = updates(settings, point.learning_rate)
    total = burn_in + samples

    def fold(kept: Kept, update: Int[Array, ""], state: Any, info: Info) -> Kept:
        ensemble = jax.lax.cond(
            update >= burn_in,
            lambda: predictive.add(kept.ensemble, logits(state.position), test.y),
            lambda: kept.ensemble,
        )
        first = (kept.diverged_at < 0) & ~jnp.isfinite(info.length)
        return Kept(ensemble, jnp.where(first, update, kept.diverged_at))

    @partial(jax.jit, donate_argnames=("state", "kept"))
    def run(
        train: Examples, rng_key: PRNGKeyArray, state: Any, kept: Kept, first: int, count: int
    ) -> tuple[Any, Kept]:
        # The training set is an argument, so that all seeds share one compilation.
        algorithm = experiment.algorithm(experiment.task(train))
        return sampling.run(rng_key, algorithm, state, count, fold, kept, first)

    def begin(seed: int) -> tuple[Examples, Any, Kept]:
        train = experiment.train(seed)
        state = experiment.algorithm(experiment.task(train)).init(experiment.position(seed))
        ensemble = predictive.start(len(test.y), experiment.labels)
        kept = Kept(ensemble, jnp.full((), -1))
        # Copies, since `run` takes over the buffers that it is given.
        state, kept = jax.tree.map(jnp.array, (state, kept))
        return train, state, kept

    rows: list[dict[str, float]] = []
    first_seed, first_update = 0, 0
    restored = checkpoints.restore(begin(0)[1:])
    if restored is not None:
        done, at, rows = restored
        first_seed, first_update = divmod(done, total)
    with progress(settings["repeats"] * total) as advance:
        advance(first_seed * total + first_update)
        for seed in range(first_seed, settings["repeats"]):
            train, state, kept = begin(seed)
            start = 0
            if restored is not None and seed == first_seed:
                (state, kept), start = at, first_update
            rng_key = chain_key(root, figure, point, seed)
            piece = -(-total // PIECES)
            for first in range(start, total, piece):
                count = min(piece, total - first)
                state, kept = jax.block_until_ready(run(train, rng_key, state, kept, first, count))
                advance(count)
                if first + count < total:
                    checkpoints.save(seed * total + first + count, (state, kept), rows)
            scores = predictive.scores(kept.ensemble, test.y)
            rows.append(
                {
                    "N": point.examples,
                    "learning_rate": point.learning_rate,
                    "temperature": point.temperature,
                    "batch_size": point.batch_size,
                    "seed": seed,
                    **{name: float(score) for name, score in scores._asdict().items()},
                    "diverged_at": int(kept.diverged_at),
                }
            )
    return {"runs": pd.DataFrame(rows)}
