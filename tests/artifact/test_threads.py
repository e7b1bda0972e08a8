"""Threads are pinned before JAX starts, or not at all."""

import subprocess
import sys


def run(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_pinning_after_jax_is_refused():
    found = run("import jax; from artifact import threads; threads.pin(1)")
    assert found.returncode != 0
    assert "threads must be pinned before jax is imported" in found.stderr


def test_pinning_limits_the_pools():
    program = "from artifact import threads; threads.pin(3); import os; print(os.environ['NPROC'])"
    assert run(program).stdout.strip() == "3"
