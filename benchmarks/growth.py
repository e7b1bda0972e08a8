"""Time and memory of one update against the number of parameters, for each solver.

`make growth`. Section 6.4's CNN made wider, on random images; 1,024 sampled labels, damping 0.1.
Each case is a process of its own, whose peak memory is what the system says; one that would
need more than `LIMIT` bytes for its matrices is left out.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from artifact.engine import device

if TYPE_CHECKING:
    from ngd.metrics.solvers import Solver

CHANNELS = (4, 10, 30, 70, 225)
SOLVERS = ("primal", "dual", "cg")
EXAMPLES = 1024
LIMIT = 8e9


def parameters(channels: int) -> int:
    """P of a CNN so wide."""
    return 9 * channels + 2 * 9 * channels**2 + 160 * channels


def measure(channels: int, solver: "Solver", threads: int) -> None:
    """Print seconds of an update, and bytes, as JSON."""
    device.claim("cpu", threads)
    import jax
    import jax.numpy as jnp

    from ngd.metrics import solvers
    from ngd.metrics.fisher import sampled_fisher
    from ngd.metrics.metric import has_rows
    from ngd.models import CNN
    from ngd.samplers.algorithm import move
    from ngd.task import Task, flatten, gradient, l2

    model = CNN(channels)
    x = jax.random.uniform(jax.random.key(0), (EXAMPLES, 28, 28, 1))
    y = jax.random.randint(jax.random.key(1), (EXAMPLES,), 0, 10)
    position = model.init(jax.random.key(2), x[:1])

    @jax.jit
    def update(key: Any, position: Any, x: jax.Array, y: jax.Array) -> Any:
        task = Task(model.apply, x, y, l2(0.01))
        factor, _ = sampled_fisher(task, EXAMPLES).factor(key, position)
        g = gradient(task, position, jnp.arange(200))
        return move(position, -0.05 * solvers.solve(has_rows(factor), 0.1, g, solver).x)[0]

    times = []
    for number in range(4):
        started = time.perf_counter()
        position = jax.block_until_ready(update(jax.random.key(number), position, x, y))
        times.append(time.perf_counter() - started)
    assert bool(jnp.isfinite(flatten(position)).all())
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": min(times[1:]), "bytes": peak}))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--case", nargs=2, metavar=("CHANNELS", "SOLVER"))
    given = parser.parse_args()
    if given.case:
        measure(int(given.case[0]), given.case[1], given.threads)
        return
    from ngd.metrics.solvers import pick_solver

    print(f"{'P':>9s} {'picked':>7s}" + "".join(f"{s + ' ms':>12s} {'MB':>7s}" for s in SOLVERS))
    for channels in CHANNELS:
        size = parameters(channels)
        line = f"{size:9d} {pick_solver(EXAMPLES, size):>7s}"
        for solver in SOLVERS:
            # The P x P matrix, its damped copy and its Cholesky factor; U written out twice.
            need = 4 * (3 * size**2 if solver == "primal" else 0) + 8 * EXAMPLES * size
            if solver == "primal" and need > LIMIT:
                line += f"{'-':>12s} {need / 1e6:>6.0f}*"
                continue
            case = ["--threads", str(given.threads), "--case", str(channels), solver]
            run = subprocess.run(  # noqa: S603
                [sys.executable, __file__, *case], capture_output=True, text=True, check=True
            )
            found = json.loads(run.stdout)
            line += f"{1e3 * found['seconds']:12.0f} {found['bytes'] / 1e6:7.0f}"
        print(line, flush=True)
    print("* not run: what its matrices alone would take")


if __name__ == "__main__":
    main()
