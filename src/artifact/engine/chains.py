"""Chains at points of a sweep: burnt in, sampled, and scored as ensembles."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Int, PRNGKeyArray

from artifact.engine.keys import key
from artifact.protocols import Checkpoints, Examples, Experiment, Progress
from artifact.settings.sweeps import Point
from ngd import predictive, sampling
from ngd.minibatch import Bounded
from ngd.samplers.algorithm import Info
from ngd.task import Params

PIECES = 40
"""A chain runs in so many calls, for the progress bar; the numbers don't depend on it."""

TEST_EXAMPLES_AT_A_TIME = 2000

FIRST = (1, 2, 4, 8)
"""The updates after which a chain's distance from its start is kept, to know it again."""

TOLERANCE = 1e-3
"""Of those distances, relative. Conjugate gradients end at 3e-5 of an update; another law that
moves a chain by less than this part in eight updates is told by the settings alone."""

Row = dict[str, Any]

Name = tuple[float, int]
"""Of a chain in its job: T and seed."""


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
        abreast: whether all points and seeds run as one program, as a GPU wants it. Their chains
            share nothing: they are those that run alone, to rounding.
        finished: the chains of these points and seeds that are not to be run.
    """

    figure: str
    points: Sequence[Point]
    seeds: Sequence[int]
    root: int
    burn_in: int
    samples: int
    together: bool = False
    abreast: bool = False
    finished: Collection[Name] = ()

    def rounds(self, candidates: Collection[Name] = ()) -> list[list[tuple[Point, int]]]:
        """Chains, by point and seed: a round's run at the same time, candidates by themselves."""
        each = [
            [
                (point, seed)
                for point in self.points
                if (point.temperature, seed) not in self.finished
            ]
            for seed in self.seeds
        ]
        if self.abreast:
            every = [chain for chains in each for chain in chains]
            known = [(p, seed) for p, seed in every if (p.temperature, seed) in candidates]
            each = [known, [chain for chain in every if chain not in known]]
        return [chains for chains in each if chains]

    @property
    def updates(self) -> int:
        """Of one chain."""
        return self.burn_in + self.samples


class Data(NamedTuple):
    """A seed's training set, and where its ensemble is scored; those of chains abreast stacked."""

    train: Examples
    test: Examples


class Kept(NamedTuple):
    """What is kept of a chain.

    Attributes:
        ensemble: of its samples.
        diverged_at: the update at which it left the finite numbers, or -1.
        dead_at: the update since which it answers the same to every input, or -1.
    """

    ensemble: predictive.Ensemble
    diverged_at: Int[Array, ""]
    dead_at: Int[Array, ""]


def keys_of(plan: Plan, chains: Sequence[tuple[Point, int]]) -> PRNGKeyArray:
    """What the chains of a round draw from: a key, of chains abreast one each."""
    if plan.abreast:
        return jnp.stack([chain_key(plan.root, plan.figure, *chain) for chain in chains])
    return chain_key(plan.root, plan.figure, *chains[0], plan.together)


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
    candidates: Mapping[Name, Mapping[Any, Any]] = MappingProxyType({}),
) -> pd.DataFrame:
    """The test scores of every seed's chains.

    Args:
        experiment: model, sampler and data.
        plan: points and seeds.
        progress: told of the updates done.
        checkpoints: where a killed job left off, and this one will.
        candidates: rows of chains finished before, by other code perhaps: taken if the first
            updates of all that run at the same time come out again.

    Returns:
        A row a point and seed: `tables.COORDINATES`, seed, the fields of `predictive.Scores`,
        diverged_at and dead_at (`Kept`), and first, the distances from the start after the
        updates `FIRST`, as text; of a candidate that was taken also taken, which is true.

    Raises:
        ValueError: several points, which neither run together nor are of one N and ε.
    """
    _check(plan)
    program = cache(lambda points: compiled(experiment, plan, points))
    total, rounds = plan.updates, plan.rounds(candidates)
    record: dict[str, Any] = {"rows": [], "distances": []}
    first_round, first_update = 0, 0
    restored = checkpoints.restore(lambda done: begin(experiment, plan, rounds[done // total])[1:])
    if restored is not None:
        done, at, record = restored
        first_round, first_update = divmod(done, total)
    with progress(len(rounds) * total) as advance:
        advance(first_round * total + first_update)
        for number, chains in enumerate(rounds[first_round:], first_round):
            go_on = program(tuple(point for point, _ in chains))
            data, state, kept = begin(experiment, plan, chains)
            origin = positions(state, len(chains))
            start = 0
            if restored is not None and number == first_round:
                (state, kept), start = at, first_update
            else:
                record["distances"] = []
            rng_key = keys_of(plan, chains)
            for first, last in pairwise(sorted({start, total, *_ends(total, start)})):
                state, kept = go_on(data, rng_key, state, kept, first, last - first)
                jax.block_until_ready(kept)
                advance(last - first)
                if last in FIRST:
                    moved = positions(state, len(chains)) - origin
                    record["distances"].append(np.linalg.norm(moved, axis=1).tolist())
                known = _known(candidates, chains) if last == FIRST[-1] else None
                if known and agree(_firsts(known), _by_chain(record)) < TOLERANCE:
                    record["rows"] += [{**row, "taken": True} for row in known]
                    advance(total - last)
                    break
                if last < total:
                    checkpoints.save(number * total + last, (state, kept), record)
            else:
                rows = scored(plan, data.test, chains, kept)
                for row, distances in zip(rows, _by_chain(record), strict=True):
                    row["first"] = " ".join(map(repr, distances))
                record["rows"] += rows
    return pd.DataFrame(record["rows"]).sort_values(["temperature", "seed"], ignore_index=True)


def agree(first: Sequence[Sequence[float]], again: Sequence[Sequence[float]]) -> float:
    """The largest relative difference of two chains' first distances; infinite if none are kept."""
    kept, found = np.asarray(first, float), np.asarray(again, float)
    if kept.shape != found.shape or not kept.size:
        return float("inf")
    return float(np.max(np.abs(kept - found) / np.abs(found)))


def _by_chain(record: dict[str, Any]) -> list[list[float]]:
    return np.transpose(record["distances"]).tolist()


def _known(
    candidates: Mapping[Name, Mapping[Any, Any]], chains: Sequence[tuple[Point, int]]
) -> list[Mapping[Any, Any]]:
    """The rows of a round's chains, in its order; none unless all are known."""
    names = [(point.temperature, seed) for point, seed in chains]
    return [candidates[name] for name in names] if all(n in candidates for n in names) else []


def _firsts(rows: Sequence[Mapping[Any, Any]]) -> list[list[float]]:
    return [[float(value) for value in str(row["first"]).split()] for row in rows]


def _ends(total: int, start: int) -> list[int]:
    """Where the calls of a chain end."""
    piece = -(-total // PIECES)
    ends = [*FIRST, *range(piece, total, piece)]
    return [end for end in ends if start < end < total]


def positions(state: Any, chains: int) -> np.ndarray:
    """The flat parameters of each chain of a round, in double precision."""
    leaves = [np.asarray(leaf, float) for leaf in jax.tree.leaves(state.position)]
    return np.concatenate([leaf.reshape(chains, -1) for leaf in leaves], axis=1)


def _stacked(plan: Plan) -> bool:
    """Whether the chains of a round run under `vmap`."""
    return plan.together or plan.abreast


def _check(plan: Plan) -> None:
    corners = {(point.examples, point.learning_rate) for point in plan.points}
    if (len(plan.points) != 1 and not _stacked(plan)) or len(corners) != 1:
        raise ValueError(
            f"points must be one, or together and of one N and learning_rate, got {plan.points}"
        )


def compiled(
    experiment: Experiment, plan: Plan, points: Sequence[Point]
) -> Callable[..., tuple[Any, Kept]]:
    """A function of (data, rng_key, state, kept, first, count): so many updates of a round.

    The data are an argument, so that all seeds share one compilation.

    Args:
        experiment: model, sampler and data.
        plan: how chains run.
        points: of each chain of the round.
    """

    def chain(
        data: Data,
        rng_key: PRNGKeyArray,
        values: dict[str, Any],
        state: Any,
        kept: Kept,
        first: int,
        count: int,
    ) -> tuple[Any, Kept]:
        point = points[0]._replace(**values)
        task = experiment.task(data.train)
        algorithm = experiment.algorithm(task, point)
        fold = folded(task.logits, data.test, plan.burn_in, experiment.probe)
        return sampling.run(rng_key, algorithm, state, count, fold, kept, first)

    values: dict[str, Any] = {}
    if _stacked(plan):
        of_seed = 0 if plan.abreast else None
        chain = jax.vmap(chain, (of_seed, of_seed, 0, 0, 0, None, None))
        sizes = jnp.array([point.batch_size for point in points])
        values = {"temperature": jnp.array([point.temperature for point in points])}
        if plan.together:
            values["batch_size"] = sizes
        elif sizes.any():
            values["batch_size"] = Bounded(sizes, int(sizes.max()))
    go_on = jax.jit(chain, donate_argnums=(3, 4))
    return lambda data, rng_key, state, kept, first, count: go_on(
        data, rng_key, values, state, kept, first, count
    )


def folded(
    model: Callable[[Params, Array], Array], test: Examples, burn_in: int, probe: int
) -> Callable[..., Kept]:
    """What is kept after an update, of what was kept before it."""

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
        diverged_at = jnp.where(first, update, kept.diverged_at)
        if not probe:
            return Kept(ensemble, diverged_at, kept.dead_at)
        answers = model(state.position, test.x[:probe])
        since = jnp.where(kept.dead_at < 0, update, kept.dead_at)
        return Kept(ensemble, diverged_at, jnp.where((answers == answers[0]).all(), since, -1))

    return fold


def begin(
    experiment: Experiment, plan: Plan, chains: Sequence[tuple[Point, int]]
) -> tuple[Data, Any, Kept]:
    """The data of a round, the states where its chains start, and nothing kept."""

    def of_seed(seed: int) -> tuple[Data, Any, Kept]:
        data = Data(experiment.train(seed), experiment.test(seed))
        algorithm = experiment.algorithm(experiment.task(data.train), plan.points[0])
        state = algorithm.init(experiment.position(seed))
        ensemble = predictive.start(len(data.test.y), experiment.labels)
        return data, state, Kept(ensemble, jnp.full((), -1), jnp.full((), -1))

    by_seed = {seed: of_seed(seed) for seed in dict.fromkeys(seed for _, seed in chains)}
    data, state, kept = by_seed[chains[0][1]]
    if plan.abreast:
        data, state, kept = _stack([by_seed[seed] for _, seed in chains])
    elif plan.together:
        state, kept = _stack([(state, kept)] * len(chains))
    # Copies, since `go_on` takes over the buffers that it is given.
    state, kept = jax.tree.map(jnp.array, (state, kept))
    return data, state, kept


def _stack(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def scored(
    plan: Plan, test: Examples, chains: Sequence[tuple[Point, int]], kept: Kept
) -> list[Row]:
    """A row for each chain of a round."""
    rows = []
    for i, (point, seed) in enumerate(chains):
        own = jax.tree.map(lambda leaf, i=i: leaf[i], kept) if _stacked(plan) else kept
        scores = predictive.scores(own.ensemble, test.y[i] if plan.abreast else test.y)
        rows.append(
            {
                "N": point.examples,
                "learning_rate": point.learning_rate,
                "temperature": point.temperature,
                "batch_size": point.batch_size,
                "seed": seed,
                **{name: float(score) for name, score in scores._asdict().items()},
                "diverged_at": int(own.diverged_at),
                "dead_at": int(own.dead_at),
            }
        )
    return rows
