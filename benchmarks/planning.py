"""How long Snakemake plans: dry runs of sweeps of more and more jobs."""

import argparse
import subprocess
import sys
import time


def seconds(jobs: int) -> float:
    """The wall time of a dry run of `jobs` chains: 100 temperatures, each with as many seeds."""
    temperatures = [round(0.2 + 0.05 * number, 2) for number in range(100)]
    sweep = f"temperatures: {temperatures}, repeats: {jobs // 100}, seeds_per_job: 1"
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all"]
    command += ["--config", f"figS1_flat={{{sweep}}}", "--", "results/quick/tables/figS1_flat.csv"]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - started


def main() -> None:
    """Print a line for each number of jobs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="*", type=int, default=[100, 1000, 3000, 10000])
    for jobs in parser.parse_args().jobs:
        print(f"{jobs:6d} jobs planned in {seconds(jobs):6.1f} s", flush=True)


if __name__ == "__main__":
    main()
