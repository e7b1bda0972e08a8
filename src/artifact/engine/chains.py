"""Chains at points of a sweep: burnt in, sampled, and scored as ensembles."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Int, PRNGKeyArray

from artifact.engine.keys import key
from artifact.protocols import Checkpoints, Examples, Experiment, Progress
from artifact.settings.sweeps import Point
from ngd import predictive, sampling
from ngd.samplers.algorithm import Info
from ngd.task import Params

PIECES = 40
"""A chain runs in so many calls, for the progress bar; the numbers don't depend on it."""

TEST_EXAMPLES_AT_A_TIME = 2000

Row = dict[str, float]


class Plan(NamedTuple):
    """What a job runs.

    Attributes:
        figure: a coordinate of the chains' keys.
        points: N, ε, T and B: one, or all temperatures of an N and ε that run `together`.
        seeds: each a training set, a start and a chain.
        root: the root seed.
        burn_in: updates before the first sample.
        samples: updates sampled.
        together: whether the points run as one program. Their chains then share each update's
            draw, and a rounding error may differ with the number of points.
    """

    figure: str
    points: Sequence[Point]
    seeds: Sequence[int]
    root: int
    burn_in: int
    samples: int
    together: bool = False

    @property
    def updates(self) -> int:
        """Of one chain."""
        return self.burn_in + self.samples


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
    plan: Plan,
    progress: Progress,
    checkpoints: Checkpoints,
) -> pd.DataFrame:
    """The test scores of every seed's chains.

    Args:
        experiment: model, sampler and data.
        plan: points and seeds.
        progress: told of the updates done.
        checkpoints: where a killed job left off, and this one will.

    Returns:
        A row a point and seed: `tables.COORDINATES`, seed, the fields of `predictive.Scores`,
        and diverged_at, the update at which the chain left the finite numbers, or -1.

    Raises:
        ValueError: several points, which neither run together nor are of one N and ε.
    """
    _check(plan)
    go_on = compiled(experiment, plan)
    total = plan.updates
    rows: list[Row] = []
    first_seed, first_update = 0, 0
    restored = checkpoints.restore(begin(experiment, plan, plan.seeds[0])[1:])
    if restored is not None:
        done, at, rows = restored
        first_seed, first_update = divmod(done, total)
    with progress(len(plan.seeds) * total) as advance:
        advance(first_seed * total + first_update)
        for number, seed in enumerate(plan.seeds[first_seed:], first_seed):
            train, state, kept = begin(experiment, plan, seed)
            start = 0
            if restored is not None and number == first_seed:
                (state, kept), start = at, first_update
            rng_key = chain_key(plan.root, plan.figure, plan.points[0], seed, plan.together)
            piece = -(-total // PIECES)
            for first in range(start, total, piece):
                count = min(piece, total - first)
                state, kept = go_on(train, rng_key, state, kept, first, count)
                jax.block_until_ready(kept)
                advance(count)
                if first + count < total:
                    checkpoints.save(number * total + first + count, (state, kept), rows)
            rows += scored(experiment, plan, seed, kept)
    return pd.DataFrame(rows).sort_values(["temperature", "seed"], ignore_index=True)


def _check(plan: Plan) -> None:
    corners = {(point.examples, point.learning_rate) for point in plan.points}
    if (len(plan.points) != 1 and not plan.together) or len(corners) != 1:
        raise ValueError(
            f"points must be one, or together and of one N and learning_rate, got {plan.points}"
        )


def compiled(experiment: Experiment, plan: Plan) -> Callable[..., tuple[Any, Kept]]:
    """A function of (train, rng_key, state, kept, first, count): so many updates of a chain.

    The training set is an argument, so that all seeds share one compilation.
    """
    fold = folded(experiment, plan.burn_in)

    def chain(
        train: Examples,
        rng_key: PRNGKeyArray,
        values: dict[str, Any],
        state: Any,
        kept: Kept,
        first: int,
        count: int,
    ) -> tuple[Any, Kept]:
        point = plan.points[0]._replace(**values)
        algorithm = experiment.algorithm(experiment.task(train), point)
        return sampling.run(rng_key, algorithm, state, count, fold, kept, first)

    values: dict[str, Any] = {}
    if plan.together:
        chain = jax.vmap(chain, (None, None, 0, 0, 0, None, None))
        values = {
            "temperature": jnp.array([point.temperature for point in plan.points]),
            "batch_size": jnp.array([point.batch_size for point in plan.points]),
        }
    go_on = jax.jit(chain, donate_argnums=(3, 4))
    return lambda train, rng_key, state, kept, first, count: go_on(
        train, rng_key, values, state, kept, first, count
    )


def folded(experiment: Experiment, burn_in: int) -> Callable[..., Kept]:
    """What is kept after an update, of what was kept before it."""
    test = experiment.test
    model = experiment.task(test).logits

    def logits(position: Params) -> Array:
        # In pieces, since a network's activations on all test images take most of a job's memory.
        return jax.lax.map(
            lambda x: model(position, x[None])[0], test.x, batch_size=TEST_EXAMPLES_AT_A_TIME
        )

    def fold(kept: Kept, update: Int[Array, ""], state: Any, info: Info) -> Kept:
        ensemble = jax.lax.cond(
            update >= burn_in,
            lambda: predictive.add(kept.ensemble, logits(state.position), test.y),
            lambda: kept.ensemble,
        )
        first = (kept.diverged_at < 0) & ~jnp.isfinite(info.length)
        return Kept(ensemble, jnp.where(first, update, kept.diverged_at))

    return fold


def begin(experiment: Experiment, plan: Plan, seed: int) -> tuple[Examples, Any, Kept]:
    """A seed's training set, the state where its chains start, and nothing kept."""
    train = experiment.train(seed)
    algorithm = experiment.algorithm(experiment.task(train), plan.points[0])
    state = algorithm.init(experiment.position(seed))
    kept = Kept(predictive.start(len(experiment.test.y), experiment.labels), jnp.full((), -1))
    if plan.together:
        state, kept = jax.tree.map(lambda leaf: jnp.stack([leaf] * len(plan.points)), (state, kept))
    # Copies, since `go_on` takes over the buffers that it is given.
    state, kept = jax.tree.map(jnp.array, (state, kept))
    return train, state, kept


def scored(experiment: Experiment, plan: Plan, seed: int, kept: Kept) -> list[Row]:
    """A row for each point."""
    rows = []
    for i, point in enumerate(plan.points):
        own = jax.tree.map(lambda leaf, i=i: leaf[i], kept) if plan.together else kept
        scores = predictive.scores(own.ensemble, experiment.test.y)
        rows.append(
            {
                "N": point.examples,
                "learning_rate": point.learning_rate,
                "temperature": point.temperature,
                "batch_size": point.batch_size,
                "seed": seed,
                **{name: float(score) for name, score in scores._asdict().items()},
                "diverged_at": int(own.diverged_at),
            }
        )
    return rows
