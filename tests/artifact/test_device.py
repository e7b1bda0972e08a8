"""Device and threads are claimed before JAX starts, or not at all."""

import subprocess
import sys


def run(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_claiming_after_jax_is_refused():
    found = run("import jax; from artifact import device; device.claim('cpu', 1)")
    assert found.returncode != 0
    assert "the device must be claimed before jax is imported" in found.stderr


def test_claiming_limits_the_pools():
    program = "from artifact import device; device.claim('cpu', 3); import os; "
    assert run(program + "print(os.environ['NPROC'])").stdout.strip() == "3"


def test_a_job_that_was_promised_a_gpu_never_falls_back_to_the_cpu():
    program = (
        "from artifact import device; device.claim('gpu', 1); import jax; "
        "print(jax.devices()[0].platform)"
    )
    found = run(program)
    assert found.stdout.strip() == "gpu" or found.returncode != 0
