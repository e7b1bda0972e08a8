"""One job with two threads, or two jobs with one: updates a second of the whole machine.

`make bench`. What decides the default profile's threads. Each job is a process, as Snakemake's
jobs are, and runs the CNN's or the MLP's chain at the paper's settings.
"""

import argparse
import subprocess
import sys
import time

from artifact.engine import device

SECONDS = 12.0


def run(model: str, threads: int) -> None:
    """Print this job's updates a second, once told to begin."""
    device.claim("cpu", threads)
    import cases

    from artifact.problems import mnist

    images = mnist.embedded(test_images=904, seed=0)
    go = cases.ours({"mlp": cases.mlp, "cnn": cases.cnn}[model](images))
    go(2)
    print("ready", flush=True)
    sys.stdin.readline()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        go(10)
        done += 10
    print(done / (time.perf_counter() - started))


def together(model: str, jobs: int, threads: int) -> float:
    """Updates a second of so many jobs side by side."""
    command = [sys.executable, __file__, "--model", model, "--threads", str(threads)]
    started = [
        subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(jobs)
    ]
    for job in started:
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
    for job in started:
        assert job.stdin is not None
        job.stdin.write("\n")
        job.stdin.flush()
    return sum(float(job.communicate()[0]) for job in started)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=("mlp", "cnn"))
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    if given.model:
        run(given.model, given.threads)
        return
    print(f"{'model':6s} {'jobs x threads':>15s} {'updates/s':>10s} {'/ one job':>10s}")
    for model in ("mlp", "cnn"):
        alone = together(model, 1, 1)
        for jobs, threads in ((1, 1), (2, 1), (1, 2), (2, 2)):
            rate = alone if (jobs, threads) == (1, 1) else together(model, jobs, threads)
            print(f"{model:6s} {f'{jobs} x {threads}':>15s} {rate:10.1f} {rate / alone:10.2f}")


if __name__ == "__main__":
    main()
