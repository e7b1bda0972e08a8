"""The paper's three models at the paper's settings, and our engine on each."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import plain

from artifact.engine import programs
from artifact.problems import mnist
from artifact.problems.images import training_set
from ngd import minibatch, sampling, theorem_2
from ngd.metrics.average import moving_average, smoothing
from ngd.metrics.fisher import logistic_fisher, sampled_fisher
from ngd.metrics.metric import Metric
from ngd.models import CNN, MLP, Logistic
from ngd.samplers import stochastic_ngd
from ngd.task import Task, l2, slope

TEMPERATURES = [0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0]
"""Of Fig. 3: one job runs them together."""

AVERAGED = 8
"""Estimates before a part is timed: more than any average holds."""

Timed = Callable[[int], None]
"""Does so many updates, to the end."""


class Case(NamedTuple):
    """One of the paper's three models at the paper's settings.

    Attributes:
        task: from inputs and labels.
        x, y: the training set.
        start: ω.
        metric: of a task.
        settings: ε, δ, B, Fisher examples (None: exact), α (None: no average).
    """

    task: Callable[[Any, Any], Task]
    x: jax.Array
    y: jax.Array
    start: Any
    metric: Callable[[Task], Metric]
    settings: plain.Settings


def logistic() -> Case:
    """Section 6.1: n = 64, N = 1000, the whole Fisher."""
    x = jax.random.normal(jax.random.key(0), (1000, 64))
    noise = jax.random.uniform(jax.random.key(1), (1000,))
    y = (noise < jax.nn.sigmoid(16 * x[:, 0])).astype(jnp.int32)
    settings = plain.Settings(0.1, 1e-4, 50, None, None)
    return Case(
        lambda x, y: Task(Logistic().apply, x, y),
        x,
        y,
        Logistic().init(jax.random.key(0), x),
        logistic_fisher,
        settings,
    )


def mlp(images: mnist.Images) -> Case:
    """Section 6.3: 1,024 examples, all of them in the Fisher, B = 64."""
    train = training_set(images, 0, 1024, 0)
    projection = jax.random.normal(jax.random.key(0), (784, 10))
    x = train.x.reshape(1024, 784) @ projection
    return Case(
        lambda x, y: Task(MLP().apply, x, y, l2(20 / 1024)),
        x,
        train.y,
        MLP().init(jax.random.key(1), x),
        lambda task: sampled_fisher(task, 1024),
        plain.Settings(0.125, 0.1, 64, 1024, None),
    )


def cnn(images: mnist.Images, learning_rate: float = 0.05) -> Case:
    """Section 6.4: N = 8192, T = 1, the Fisher of 1,024 examples averaged."""
    train = training_set(images, 0, len(images.y_train), 0)
    chosen = jax.random.randint(jax.random.key(0), (8192,), 0, len(train.y))
    alpha = smoothing(learning_rate)
    size = theorem_2.batch_size(learning_rate, 8192, 1.0, exact=False)
    return Case(
        lambda x, y: Task(CNN().apply, x, y, l2(40 / 8192)),
        train.x[chosen],
        train.y[chosen],
        CNN().init(jax.random.key(1), train.x[:1]),
        lambda task: moving_average(sampled_fisher(task, 1024), alpha),
        plain.Settings(learning_rate, 0.1, size, 1024, alpha),
    )


def burnt_in(case: Case, updates: int) -> Any:
    """ω after so many updates: where chains are, the Fisher is not that of a random start."""

    @jax.jit
    def run(x: Any, y: Any) -> Any:
        sampler = build(case, case.task(x, y))
        return sampling.run(jax.random.key(2), sampler, sampler.init(case.start), updates)

    return run(case.x, case.y)[0].position


def build(case: Case, task: Task) -> Any:
    """The sampler of a case on a task."""
    rate, damping, batch, _, _ = case.settings
    return stochastic_ngd.build(
        case.metric(task), learning_rate=rate, damping=damping, batch_size=batch
    )


def parts(case: Case) -> Mapping[str, Timed]:
    """What an update of ours is made of, each part by itself, where the case starts."""
    task = case.task(case.x, case.y)
    metric, start, (_, damping, batch, _, _) = case.metric(task), case.start, case.settings

    def draw(rng_key: jax.Array) -> Any:
        return slope(task, start, minibatch.draw(rng_key, task.examples, batch)).gradient

    @partial(jax.jit, donate_argnums=0)
    def estimate(memory: Any, rng_key: jax.Array) -> Any:
        return metric.factor(rng_key, start, memory)[1]

    held = [metric.init(start)]

    def average(updates: int) -> None:
        for update in range(updates):
            held[0] = jax.block_until_ready(estimate(held[0], jax.random.key(update)))

    average(AVERAGED)
    factor, g = metric.factor(jax.random.key(0), start, held[0])[0], draw(jax.random.key(0))

    def timed(function: Callable[[jax.Array], Any]) -> Timed:
        program = programs.compiled(function, jax.random.key(0))

        def go(updates: int) -> None:
            for update in range(updates):
                jax.block_until_ready(program(jax.random.key(update)))

        return go

    return {
        "minibatch and its gradient": timed(draw),
        "per-example gradients, average": average,
        "solve": timed(lambda key: factor.damped(damping).solve(g).x),
    }


def ours(case: Case) -> Timed:
    """Our engine on one chain."""

    def run(x: Any, y: Any, state: Any, first: int, updates: int) -> Any:
        sampler = build(case, case.task(x, y))
        return sampling.run(jax.random.key(3), sampler, state, updates, first=first)[0]

    start = build(case, case.task(case.x, case.y)).init(case.start)
    return _timed(case, jax.jit(run, donate_argnums=2), start)


def our_sweep(case: Case) -> Timed:
    """Our engine on all of `TEMPERATURES` at once, as a job of Fig. 3 runs them."""
    rate, damping, _, _, _ = case.settings
    examples = len(case.y)
    sizes = [theorem_2.batch_size(rate, examples, t, exact=False) for t in TEMPERATURES]

    def one(x: Any, y: Any, size: Any, state: Any, first: int, updates: int) -> Any:
        task = case.task(x, y)
        sampler = stochastic_ngd.build(
            case.metric(task), learning_rate=rate, damping=damping, batch_size=size
        )
        return sampling.run(jax.random.key(3), sampler, state, updates, first=first)[0]

    def run(x: Any, y: Any, state: Any, first: int, updates: int) -> Any:
        together = jax.vmap(one, (None, None, 0, 0, None, None))
        return together(x, y, jnp.array(sizes), state, first, updates)

    start = build(case, case.task(case.x, case.y)).init(case.start)
    stacked = jax.tree.map(lambda leaf: jnp.stack([leaf] * len(sizes)), start)
    return _timed(case, jax.jit(run, donate_argnums=2), stacked)


def _timed(case: Case, compiled: Callable[..., Any], start: Any) -> Timed:
    held = [jax.tree.map(jnp.array, start), 0]

    def go(updates: int) -> None:
        held[0] = jax.block_until_ready(compiled(case.x, case.y, held[0], held[1], updates))
        held[1] += updates

    return go
