"""Several chains with their draws, their predictions and their temperature: `ngd.sample`."""

import hashlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from ngd import bounds, data, diagnostics, predictive
from ngd.data import Inputs, OnHost
from ngd.diagnostics import CalibrationWarning, Estimate, Prediction
from ngd.diagnostics.predicted import DENSE
from ngd.likelihood import categorical, class_labels
from ngd.prior import log_metric
from ngd.samplers.algorithm import SamplingAlgorithm, Settings
from ngd.sampling import with_data_as_arguments
from ngd.task import Params, flatten, mean_cost

PIECES = 20
"""A call in so many pieces, for progress and checkpoints; the numbers don't depend on it."""


class Samples(NamedTuple):
    """What `sample` returns.

    Attributes:
        draws: what `keep` made of the positions, axes (chain, draw, ...).
        statistics: each of shape (chain, draw). What the last update before the draw told, as
            `samplers.Info`: `length`, `gradient_norm`, `minibatch_mean_cost` (nats per example;
            of all where the sampler has no minibatch), `solver_iterations`, `acceptance_rate` (the
            probability with which its Metropolis test took the proposal; NaN where there is no
            test) and `weight` (the draw's in averages: the schedule's ε_t of that update, else 1;
            `ensemble` and `measured` are weighted by it, ArviZ's numbers are not). At the draw
            itself: `summed_cost` (C in nats, over all examples), `lp` (ln of the density at the
            temperature asked for, unnormalised; NaN at T = 0) and `diverging` (whether the
            position is no longer finite).
        state: the chains' last states, with a first axis of chains.
        ensemble: the predictions of all chains' draws; None if none were asked for.
        asked: the temperature asked for.
        measured: that of the draws, by the virial theorem; None where there is one chain, or
            T is 0.
        predicted: by the Lyapunov equation at the first chain's mean; None where it diverged,
            where the learning rate is a schedule, and of means of iterates where P is above
            `diagnostics.predicted.DENSE`.
    """

    draws: Any
    statistics: dict[str, Array]
    state: Any
    ensemble: predictive.Ensemble | None
    asked: float
    measured: Estimate | None
    predicted: Prediction | None

    def to_arviz(self) -> Any:
        """ArviZ's InferenceData: groups posterior and sample_stats.

        Raises:
            ImportError: ArviZ is not installed.
        """
        import arviz  # type: ignore[import-not-found, unused-ignore]

        leaves, _ = jax.tree_util.tree_flatten_with_path(self.draws)
        posterior = {
            jax.tree_util.keystr(path, simple=True, separator="/") or "draws": np.asarray(leaf)
            for path, leaf in leaves
        }
        statistics = {name: np.asarray(value) for name, value in self.statistics.items()}
        return arviz.from_dict(posterior=posterior, sample_stats=statistics)


class Kept(NamedTuple):
    """What a chain has gathered."""

    draws: Any
    statistics: dict[str, Array]
    sums: diagnostics.Virial
    ensemble: predictive.Ensemble | None


def sample(
    rng_key: PRNGKeyArray,
    sampler: SamplingAlgorithm,
    position: Params,
    *,
    chains: int = 4,
    burn_in: int,
    draws: int,
    thin: int = 1,
    keep: Callable[[Params], Any] | None = None,
    predict: Any = None,
    labels: Any = None,
    temperature: float | None = None,
    progress: bool = False,
    checkpoint: str | Path | None = None,
) -> Samples:
    """Several chains from one position, and whether they are at the temperature asked for.

    Each draw costs a gradient and a cost of all examples beside its `thin` updates, for its
    temperature and density.

    Args:
        rng_key: the same key gives the same draws to the bit, in pieces or whole.
        sampler: one of `ngd.samplers`.
        position: where all chains start.
        chains: how many, side by side by `vmap`.
        burn_in: updates before the first draw.
        draws: how many of each chain.
        thin: updates before each draw.
        keep: what to keep of a position; the position itself when None.
        predict: inputs whose predictions, eq. (6), are streamed over all draws.
        labels: of these inputs, for scores; not needed for predictions.
        temperature: that asked for; the sampler's by its formula when None.
        progress: whether to show a bar (tqdm).
        checkpoint: a folder, in which the call is kept as it runs; made again with the same
            arguments it goes on from there, to the same bytes.

    Returns:
        Draws, their statistics and their temperature.

    Warns:
        CalibrationWarning: the measured or the predicted temperature is not the one asked for.

    Raises:
        ValueError: an argument is not allowed, the sampler is none of `ngd.samplers`, or the
            checkpoint is of another call.
    """
    chains, draws = bounds.count("chains", chains, 1), bounds.count("draws", draws, 1)
    burn_in, thin = bounds.count("burn_in", burn_in, 0), bounds.count("thin", thin, 1)
    settings = diagnostics.settings_of(sampler)
    asked = diagnostics.nominal_temperature(settings)
    if temperature is not None:
        asked = float(bounds.non_negative("temperature", temperature))
    if labels is not None:
        if predict is None:
            raise ValueError("labels must come with the inputs to predict, got none")
        labels = class_labels(labels, "labels")
    if predict is not None and settings.task.likelihood is not categorical:
        raise ValueError(
            f"predict must be left out with the likelihood {settings.task.likelihood.name}; "
            "ngd.predictive has outputs, labels and log_density of the draws"
        )
    predict = None if predict is None else data.whole("predict", data.checked("predict", predict))
    if predict is not None and labels is not None and data.length(predict) != len(labels):
        raise ValueError(
            f"labels must be one for each of {data.length(predict)} inputs, got {len(labels)}"
        )
    position = jax.tree.map(jnp.asarray, position)
    keys = jax.random.split(rng_key, chains)
    first_state = sampler.init(position)
    record = _recorder(settings, position, keep, predict, labels, asked)
    kept = record.start(draws)
    # Copies, since each piece takes over the buffers of the last.
    at = jax.tree.map(lambda leaf: jnp.stack([leaf] * chains), (first_state, kept))
    step = sampler.step
    _, info = jax.eval_shape(step, rng_key, first_state)

    def chain(
        key: PRNGKeyArray,
        at: tuple[Any, Kept],
        first: Array,
        blocks: Array,
        inner: Array,
        slot: Array,
    ) -> tuple[Any, Kept]:
        def block(j: Array, at: tuple[Any, Kept]) -> tuple[Any, Kept]:
            def update(i: Array, carry: tuple[Any, Any]) -> tuple[Any, Any]:
                found, told = step(jax.random.fold_in(key, first + j * inner + i), carry[0])
                return found, jax.tree.map(jnp.asarray, told)

            nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), info)
            state, told = jax.lax.fori_loop(0, inner, update, (at[0], nothing))
            return state, record.add(at[1], slot + j, state.position, told)

        return jax.lax.fori_loop(0, blocks, block, at)

    whole = not progress and checkpoint is None
    plan = _plan(burn_in, draws, thin, 1 if whole else PIECES)
    abreast = jax.vmap(chain, (0, 0, None, None, None, None))
    go_on = with_data_as_arguments(abreast, (keys, at, *plan[0]), donated=1)
    call: dict[str, Any] = {}
    if checkpoint is not None:
        call = {
            "key": np.asarray(jax.random.key_data(keys)).tolist(),
            "chains": chains,
            "burn_in": burn_in,
            "draws": draws,
            "thin": thin,
            "position": _digest(position),
            "data": _digest((settings.task.x, settings.task.y, predict, labels)),
            "sampler": [
                None if value is None else float(value)
                for name, value in settings._asdict().items()
                if name not in ("task", "metric", "learning_rate")
            ],
            "learning_rate": _rates(settings, burn_in + draws * thin),
            "temperature": asked,
            "model, metric or keep": _digest(_two_updates(sampler, keys[0], first_state, keep)),
        }
    saved = _Checkpoint(checkpoint, call)
    done, at = saved.restore(at)
    with _bar(progress, burn_in + draws * thin) as advance:
        advance(sum(blocks * inner for _, blocks, inner, _ in plan[:done]))
        for number, piece in enumerate(plan[done:], start=done + 1):
            at = jax.block_until_ready(go_on(keys, at, *piece))
            advance(piece[1] * piece[2])
            saved.save(number, at)
    state, kept = at
    measured, predicted = _temperatures(sampler, position, asked, state, kept)
    _warn(settings, asked, measured, predicted, burn_in + draws * thin, kept)
    ensemble = None if kept.ensemble is None else predictive.pool(kept.ensemble)
    return Samples(kept.draws, kept.statistics, state, ensemble, asked, measured, predicted)


class _Recorder(NamedTuple):
    start: Callable[[int], Kept]
    add: Callable[[Kept, Array, Params, Any], Kept]


def _recorder(
    settings: Settings,
    origin: Params,
    keep: Callable[[Params], Any] | None,
    predict: Inputs | None,
    labels: Array | None,
    asked: float,
) -> _Recorder:
    """What is gathered at each draw; a draw whose number is too high is none."""
    task = settings.task
    of = keep or (lambda position: position)

    def start(draws: int) -> Kept:
        like = jax.eval_shape(of, origin)
        buffers = jax.tree.map(lambda a: jnp.zeros((draws, *a.shape), a.dtype), like)
        zeros = jnp.zeros(draws, flatten(origin).dtype)
        numbers = ("length", "gradient_norm", "minibatch_mean_cost", "summed_cost", "lp", "weight")
        statistics = dict.fromkeys((*numbers, "acceptance_rate"), zeros)
        statistics["solver_iterations"] = jnp.zeros(draws, int)
        statistics["diverging"] = jnp.zeros(draws, bool)
        ensemble = None
        if predict is not None:
            k = jax.eval_shape(task.logits, origin, predict).shape[1]
            ensemble = predictive.start(data.length(predict), k)
        return Kept(buffers, statistics, diagnostics.virial(origin), ensemble)

    def density(position: Params, cost: Array) -> Array:
        if asked == 0:
            return jnp.full_like(cost, jnp.nan)
        log_density = -cost / asked
        if settings.prior_exponent and settings.metric is not None:
            of_metric = log_metric(settings.metric, position, settings.damping)
            log_density = log_density + settings.prior_exponent * of_metric
        return log_density

    def gather(kept: Kept, position: Params, weight: Array) -> tuple[Any, ...]:
        ensemble = kept.ensemble
        if ensemble is not None and predict is not None:
            ensemble = predictive.add(ensemble, task.logits(position, predict), labels, weight)
        cost = task.examples * mean_cost(task, position)
        sums = diagnostics.add(kept.sums, settings, origin, position, weight)
        return sums, ensemble, cost, density(position, cost)

    def add(kept: Kept, slot: Array, position: Params, info: Any) -> Kept:
        draws = len(kept.statistics["lp"])
        # The burn-in's end is none; buffers stay outside, where they are not copied.
        nothing = jnp.zeros_like(kept.statistics["lp"][0])
        sums, ensemble, cost, log_density = jax.lax.cond(
            slot < draws,
            lambda: gather(kept, position, info.weight.astype(nothing.dtype)),
            lambda: (kept.sums, kept.ensemble, nothing, nothing),
        )
        now = {
            "length": info.length,
            "gradient_norm": info.gradient_norm,
            "minibatch_mean_cost": info.mean_cost,
            "solver_iterations": info.iterations,
            "acceptance_rate": info.acceptance,
            "summed_cost": cost,
            "lp": log_density,
            "diverging": ~jnp.isfinite(info.length),
            "weight": info.weight,
        }

        def write(buffer: Array, value: Array) -> Array:
            return buffer.at[slot].set(value, mode="drop")

        statistics = {name: write(kept.statistics[name], value) for name, value in now.items()}
        written = jax.tree.map(write, kept.draws, of(position))
        return Kept(written, statistics, sums, ensemble)

    return _Recorder(start, add)


def _plan(burn_in: int, draws: int, thin: int, pieces: int) -> list[tuple[int, int, int, int]]:
    """(first update, blocks, updates a block, number of the first block's draw) of each piece."""
    plan = []
    piece = -(-burn_in // pieces) or 1
    for first in range(0, burn_in, piece):
        plan.append((first, 1, min(piece, burn_in - first), draws))
    piece = -(-draws // pieces)
    for slot in range(0, draws, piece):
        plan.append((burn_in + slot * thin, min(piece, draws - slot), thin, slot))
    return plan


def _temperatures(
    sampler: SamplingAlgorithm, origin: Params, asked: float, state: Any, kept: Kept
) -> tuple[Estimate | None, Prediction | None]:
    if asked == 0:
        return None, None
    settings = diagnostics.settings_of(sampler)
    measured = None
    if len(kept.sums.samples) > 1:
        measured = diagnostics.temperature(kept.sums, float(settings.prior_exponent))
    flat, unravel = jax.flatten_util.ravel_pytree(origin)
    mean = flat + kept.sums.position[0] / kept.sums.samples[0]
    probed_means = settings.window > 1 and len(mean) > DENSE
    if not bool(jnp.isfinite(mean).all()) or callable(settings.learning_rate) or probed_means:
        return measured, None
    memory = jax.tree.map(lambda leaf: leaf[0], getattr(state, "memory", ())) or None
    return measured, diagnostics.predicted_temperature(sampler, unravel(mean), memory)


def _warn(
    settings: Settings,
    asked: float,
    measured: Estimate | None,
    predicted: Prediction | None,
    updates: int,
    kept: Kept,
) -> None:
    diverged = np.flatnonzero(np.asarray(kept.statistics["diverging"]).any(axis=1))
    if len(diverged):
        warnings.warn(
            f"{len(diverged)} of {len(kept.sums.samples)} chains diverged: lower learning_rate "
            f"({diagnostics.first_rate(settings):g}) or raise damping "
            f"({float(settings.damping):g})",
            CalibrationWarning,
            stacklevel=3,
        )
        return
    if asked == 0:
        return
    found = diagnostics.causes(settings, asked, measured, predicted, updates)
    if found:
        numbers = f"measured {measured}" if measured else "not measured (one chain)"
        if predicted:
            numbers += f", predicted {predicted.temperature}"
        warnings.warn(
            f"temperature {asked:.3g} asked for, {numbers}: {'; '.join(found)}",
            CalibrationWarning,
            stacklevel=3,
        )


def _rates(settings: Settings, updates: int) -> list[float]:
    """ε; of a schedule some of its values, for two that differ."""
    rate = settings.learning_rate
    if not callable(rate):
        return [float(rate)]
    return [float(rate(int(i))) for i in np.linspace(0, updates, 33)]


def _two_updates(
    sampler: SamplingAlgorithm, rng_key: PRNGKeyArray, state: Any, keep: Callable | None
) -> tuple[Any, Any]:
    """Where they lead, and what is kept of it: functions can't be told apart otherwise.

    At zero an l2 regulariser has no slope, so that one update would not show it.
    """
    step = jax.jit(sampler.step)
    for i in range(2):
        state, _ = step(jax.random.fold_in(rng_key, i), state)
    return state.position, keep(state.position) if keep else ()


def _digest(tree: Any) -> str:
    digest = hashlib.sha256()
    for leaf in data.leaves(tree):
        for piece in leaf.pieces() if isinstance(leaf, OnHost) else [leaf]:
            digest.update(np.ascontiguousarray(piece).tobytes())
    return digest.hexdigest()


class _Checkpoint:
    """A call's states in a folder, by orbax; none without a folder."""

    def __init__(self, folder: str | Path | None, call: dict[str, Any]) -> None:
        self.folder = None if folder is None else Path(folder).resolve()
        self.call = call

    def _manager(self) -> Any:
        # Imported late: it takes seconds, and most calls keep nothing.
        import orbax.checkpoint as ocp

        options = ocp.CheckpointManagerOptions(max_to_keep=1, enable_async_checkpointing=False)
        return ocp.CheckpointManager(self.folder, options=options)

    def restore(self, like: Any) -> tuple[int, Any]:
        """How many pieces are done, and the state then."""
        if self.folder is None or not self.folder.is_dir():
            return 0, like
        import orbax.checkpoint as ocp

        with self._manager() as manager:
            done = manager.latest_step()
            if done is None:
                return 0, like
            record = manager.restore(done, args=ocp.args.Composite(record=ocp.args.JsonRestore()))[
                "record"
            ]
            for name, value in self.call.items():
                if record.get(name) != value:
                    raise ValueError(
                        f"checkpoint {self.folder} is of another call: {name} differs; give "
                        "another folder, or the same arguments"
                    )
            found = manager.restore(
                done, args=ocp.args.Composite(state=ocp.args.StandardRestore(like))
            )
        return int(done), found["state"]

    def save(self, done: int, state: Any) -> None:
        """Keep a state after `done` pieces, in place of the last."""
        if self.folder is None:
            return
        import orbax.checkpoint as ocp

        with self._manager() as manager:
            manager.save(
                done,
                args=ocp.args.Composite(
                    state=ocp.args.StandardSave(state), record=ocp.args.JsonSave(self.call)
                ),
            )


@contextmanager
def _bar(wanted: bool, total: int) -> Iterator[Callable[[int], Any]]:
    """A bar of updates done; nothing where none is wanted."""
    if not wanted:
        yield lambda count: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit="update") as bar:
        yield bar.update
