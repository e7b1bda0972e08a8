"""Time and memory of one update of stochastic NGD, by metric and number of parameters.

`make growth`. Multilayer perceptrons of 100 inputs and ten classes in Flax's own layers, with and
without biases, on N = 2,048 random examples; B = 64, damping 0.1, one thread. Each case is a
process of its own, whose peak memory is what the system says. `dense` is the reference of `sampled`
and `kfac`: all rows written out, and the system of the labels solved by Cholesky.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

from artifact.engine import device

HIDDEN = {1_130: (10,), 10_110: (91,), 101_000: (250, 280), 1_009_000: (900, 1000)}
METRICS = ("exact", "empirical", "sampled", "average", "kfac", "dense")
EXAMPLES, LABELS = 2048, 1024


def measure(parameters: int, metric: str, bias: bool) -> None:
    """Print P, seconds of an update and bytes, as JSON."""
    device.claim("cpu", 1)
    import flax.linen as nn
    import jax
    import plain

    import ngd
    from ngd.metrics import empirical_fisher, exact_fisher, kfac, moving_average, sampled_fisher

    class Model(nn.Module):
        @nn.compact
        def __call__(self, x: jax.Array) -> jax.Array:
            for width in HIDDEN[parameters]:
                x = nn.relu(nn.Dense(width, use_bias=bias)(x))
            return nn.Dense(10, use_bias=bias)(x)

    x = jax.random.normal(jax.random.key(0), (EXAMPLES, 100))
    y = jax.random.randint(jax.random.key(1), (EXAMPLES,), 0, 10)
    task = ngd.Task(Model().apply, x, y, ngd.l2(0.01))
    start = Model().init(jax.random.key(2), x[:1])

    build = {
        "exact": exact_fisher,
        "empirical": empirical_fisher,
        "sampled": lambda task: sampled_fisher(task, LABELS),
        "average": lambda task: moving_average(sampled_fisher(task, LABELS), 0.1),
        "kfac": lambda task: kfac(task, LABELS, smoothing=0.95),
    }
    if metric == "dense":
        dense = plain.of_labels(Model().apply, x, y, 0.01, labels=LABELS)
        state, step = start, jax.jit(lambda key, w: (dense(key, w), None))
    else:
        metric_of = build[metric](task)
        sampler = ngd.stochastic_ngd(metric_of, learning_rate=0.05, damping=0.1, batch_size=64)
        state, step = sampler.init(start), jax.jit(sampler.step)
    times = []
    for number in range(4):
        started = time.perf_counter()
        state, _ = jax.block_until_ready(step(jax.random.key(number), state))
        times.append(time.perf_counter() - started)
    size = sum(leaf.size for leaf in jax.tree.leaves(start))
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"parameters": size, "seconds": min(times[1:]), "bytes": peak}))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs=3, metavar=("PARAMETERS", "METRIC", "BIAS"))
    given = parser.parse_args()
    if given.case:
        measure(int(given.case[0]), given.case[1], given.case[2] == "True")
        return
    print(f"{'P':>10s} {'biases':>7s}" + "".join(f"{m + ' ms':>14s} {'MB':>7s}" for m in METRICS))
    for parameters in HIDDEN:
        for bias in (False, True):
            line = ""
            for metric in METRICS:
                case = ["--case", str(parameters), metric, str(bias)]
                run = subprocess.run(  # noqa: S603
                    [sys.executable, __file__, *case], capture_output=True, text=True, check=True
                )
                found = json.loads(run.stdout)
                line += f"{1e3 * found['seconds']:14.0f} {found['bytes'] / 1e6:7.0f}"
            print(f"{found['parameters']:10d} {'yes' if bias else 'no':>7s}{line}", flush=True)


if __name__ == "__main__":
    main()
