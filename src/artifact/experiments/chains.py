"""Chains at points of a sweep: burnt in, sampled, and scored as ensembles."""

from collections.abc import Callable, Sequence
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
        algorithm: the sampler on a task, at a point. Where several points run together, their
            T and B are arrays, of which it sees one.
        train: the training set of a seed.
        position: where the chain of a seed starts.
        test: where ensembles are scored.
        labels: K.
        together: whether the points, the temperatures of one N and ε, run as one program.
            Their chains then share each update's draw, and a rounding error may differ with
            the number of points; else there is one point.
    """

    task: Callable[[Examples], Task]
    algorithm: Callable[[Task, Point], SamplingAlgorithm]
    train: Callable[[int], Examples]
    position: Callable[[int], Params]
    test: Examples
    labels: int
    together: bool = False


class Kept(NamedTuple):
    """What is kept of a chain: its ensemble, and the update at which it diverged or -1."""

    ensemble: predictive.Ensemble
    diverged_at: Int[Array, ""]


def chain_key(
    root: int, figure: str, point: Point, seed: int, together: bool = False
) -> PRNGKeyArray:
    """The key of a chain, by its figure, N, ε, T and seed; of those together without T."""
    coordinates = {"N": point.examples, "learning_rate": point.learning_rate}
    if not together:
        coordinates["temperature"] = point.temperature
    return key(root, figure, "chain", seed=seed, **coordinates)


def run(
    experiment: Experiment,
    figure: str,
    settings: Settings,
    points: Sequence[Point],
    root: int,
    progress: Progress,
    checkpoints: Checkpoints,
) -> pd.DataFrame:
    """The test scores of every seed's chains.

    Args:
        experiment: model, sampler and data.
        figure: its name, a coordinate of the chains' keys.
        settings: the figure's: repeats, and how long to burn in and to sample.
        points: N, ε, T and B.
        root: the root seed.
        progress: told of the updates done.
        checkpoints: where a killed job left off, and this one will.

    Returns:
        A row a point and seed: `tables.COORDINATES`, seed, the fields of `predictive.Scores`,
        and diverged_at, the update at which the chain left the finite numbers, or -1.
    """
    test = experiment.test
    model = experiment.task(test).logits

    def logits(position: Params) -> Array:
        # In pieces, since a network's activations on all test images take most of a job's memory.
        return jax.lax.map(
            lambda x: model(position, x[None])[0], test.x, batch_size=TEST_EXAMPLES_AT_A_TIME
        )

    burn_in, samples = updates(settings, points[0].learning_rate)
    total = burn_in + samples

    def fold(kept: Kept, update: Int[Array, ""], state: Any, info: Info) -> Kept:
        ensemble = jax.lax.cond(
            update >= burn_in,
            lambda: predictive.add(kept.ensemble, logits(state.position), test.y),
            lambda: kept.ensemble,
        )
        first = (kept.diverged_at < 0) & ~jnp.isfinite(info.length)
        return Kept(ensemble, jnp.where(first, update, kept.diverged_at))

    def chain(
        train: Examples,
        rng_key: PRNGKeyArray,
        values: dict[str, Any],
        state: Any,
        kept: Kept,
        first: int,
        count: int,
    ) -> tuple[Any, Kept]:
        # The training set is an argument, so that all seeds share one compilation.
        algorithm = experiment.algorithm(experiment.task(train), points[0]._replace(**values))
        return sampling.run(rng_key, algorithm, state, count, fold, kept, first)

    values: dict[str, Any] = {}
    if experiment.together:
        chain = jax.vmap(chain, (None, None, 0, 0, 0, None, None))
        values = {
            "temperature": jnp.array([point.temperature for point in points]),
            "batch_size": jnp.array([point.batch_size for point in points]),
        }
    go_on = jax.jit(chain, donate_argnums=(3, 4))

    def begin(seed: int) -> tuple[Examples, Any, Kept]:
        train = experiment.train(seed)
        algorithm = experiment.algorithm(experiment.task(train), points[0])
        state = algorithm.init(experiment.position(seed))
        kept = Kept(predictive.start(len(test.y), experiment.labels), jnp.full((), -1))
        if experiment.together:
            state, kept = jax.tree.map(lambda leaf: jnp.stack([leaf] * len(points)), (state, kept))
        # Copies, since `go_on` takes over the buffers that it is given.
        state, kept = jax.tree.map(jnp.array, (state, kept))
        return train, state, kept

    def scored(i: int, seed: int, kept: Kept) -> dict[str, float]:
        point = points[i]
        if experiment.together:
            kept = jax.tree.map(lambda leaf: leaf[i], kept)
        scores = predictive.scores(kept.ensemble, test.y)
        return {
            "N": point.examples,
            "learning_rate": point.learning_rate,
            "temperature": point.temperature,
            "batch_size": point.batch_size,
            "seed": seed,
            **{name: float(score) for name, score in scores._asdict().items()},
            "diverged_at": int(kept.diverged_at),
        }

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
            rng_key = chain_key(root, figure, points[0], seed, experiment.together)
            piece = -(-total // PIECES)
            for first in range(start, total, piece):
                count = min(piece, total - first)
                state, kept = go_on(train, rng_key, values, state, kept, first, count)
                jax.block_until_ready(kept)
                advance(count)
                if first + count < total:
                    checkpoints.save(seed * total + first + count, (state, kept), rows)
            rows += [scored(i, seed, kept) for i in range(len(points))]
    return pd.DataFrame(rows).sort_values(["temperature", "seed"], ignore_index=True)
