"""Median time of one whole update: ours against what a user would write, in one process.

`make bench`. The plain reference draws a permutation, takes per-example gradients by vmap of grad,
forms the P x P Fisher, averages it where the paper does, and solves by Cholesky.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from ngd.layers import layer_gradients
from ngd.metrics.average import moving_average, smoothing
from ngd.metrics.fisher import exact_fisher, sampled_fisher
from ngd.models import CNN, MLP, Logistic
from ngd.samplers import stochastic_ngd
from ngd.task import Task, l2, mean_cost, per_example_gradients

Step = Callable[[Any, Any], Any]


def reference(
    task: Task, rate: float, damping: float, batch: int, fisher: int | None, alpha: float | None
) -> tuple[Callable[[Any], Any], Step]:
    """`init` and `step` of a plain dense update; the exact logistic Fisher if `fisher` is None."""

    def init(position: Any) -> Any:
        size = ravel_pytree(position)[0].size
        return position, jnp.zeros((size, size)), jnp.zeros((), int)

    def step(key: Any, state: Any) -> Any:
        position, average, count = state
        key_batch, key_fisher, key_label = jax.random.split(key, 3)
        chosen = jax.random.permutation(key_batch, task.examples)[:batch]
        gradient = jax.grad(lambda p: mean_cost(task, p, chosen))(position)
        flat, unravel = ravel_pytree(position)
        if fisher is None:
            p = jax.nn.softmax(task.logits(position, task.x))[:, 1]
            matrix = (task.x * (p * (1 - p))[:, None]).T @ task.x / task.examples
        else:
            x = task.x[jax.random.permutation(key_fisher, task.examples)[:fisher]]
            labels = jax.random.categorical(key_label, task.logits(position, x))
            rows = per_example_gradients(task, position, x, labels)
            matrix = rows.T @ rows / fisher
        if alpha is not None:
            matrix = jnp.where(count == 0, matrix, alpha * average + (1 - alpha) * matrix)
        damped = matrix + damping * jnp.eye(flat.size)
        solved = jax.scipy.linalg.solve(damped, ravel_pytree(gradient)[0], assume_a="pos")
        kept = average if alpha is None else matrix
        return unravel(flat - rate * solved), kept, count + 1

    return init, step


def models() -> dict[str, tuple[Any, ...]]:
    """Task, start, ε, δ, B, Fisher examples, α, metric of the paper's three models."""
    key = jax.random.key(0)
    x = jax.random.normal(key, (1000, 64))
    y = (x[:, 0] > 0).astype(jnp.int32)
    logistic = Task(Logistic().apply, x, y)
    start = Logistic().init(key, x)

    pixels = jax.random.uniform(key, (8192, 28, 28, 1))
    digits = jax.random.randint(key, (8192,), 0, 10)
    features = jax.random.normal(key, (1024, 10))
    mlp = Task(MLP().apply, features, digits[:1024], l2(20 / 1024))
    cnn = Task(CNN().apply, pixels, digits, l2(40 / 8192))
    alpha = smoothing(0.05)
    return {
        "logistic n=64, N=1000": (
            logistic,
            start,
            0.1,
            1e-4,
            50,
            None,
            None,
            exact_fisher(logistic),
        ),
        "MLP, 1024 samples": (
            mlp,
            MLP().init(key, features),
            0.125,
            0.1,
            64,
            1024,
            None,
            sampled_fisher(mlp, 1024, layer_gradients(MLP())),
        ),
        "CNN, 1024 samples": (
            cnn,
            CNN().init(key, pixels[:1]),
            0.05,
            0.1,
            200,
            1024,
            alpha,
            moving_average(sampled_fisher(cnn, 1024, layer_gradients(CNN())), alpha),
        ),
    }


def seconds(step: Step, key: Any, state: Any, updates: int) -> tuple[float, Any]:
    """Seconds an update, and the state after it."""
    started = time.perf_counter()
    for update in range(updates):
        state = step(jax.random.fold_in(key, update), state)
    jax.block_until_ready(state)
    return (time.perf_counter() - started) / updates, state


def peak() -> float:
    """The machine's float32 matrix product in FLOP/s, n = 2048."""
    a = jax.random.normal(jax.random.key(0), (2048, 2048))
    multiply = jax.jit(jnp.matmul)
    multiply(a, a).block_until_ready()
    best = min(seconds(lambda key, b: multiply(a, b), jax.random.key(0), a, 1)[0] for _ in range(5))
    return 2 * 2048**3 / best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(f"{'model':24s} {'ours ms':>9s} {'reference ms':>13s} {'ratio':>7s}")
    for name, (task, start, rate, damping, batch, fisher, alpha, metric) in models().items():
        sampler = stochastic_ngd.build(task, metric, rate, damping, batch)
        init, plain = reference(task, rate, damping, batch, fisher, alpha)
        ours = jax.jit(lambda key, state, sampler=sampler: sampler.step(key, state)[0])
        theirs = jax.jit(plain)
        a, b = sampler.init(start), init(start)
        updates = 200 if fisher is None else 5
        times: list[tuple[float, float]] = []
        for _ in range(rounds + 1):
            took_a, a = seconds(ours, jax.random.key(1), a, updates)
            took_b, b = seconds(theirs, jax.random.key(1), b, updates)
            times.append((took_a, took_b))
        mine, other = (1e3 * statistics.median(t) for t in zip(*times[1:], strict=True))
        ratio = statistics.median(b / a for a, b in times[1:])
        print(f"{name:24s} {mine:9.2f} {other:13.2f} {ratio:7.2f}", flush=True)
    print(f"matrix product peak: {peak() / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
