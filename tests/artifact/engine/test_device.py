"""Device and threads are claimed before JAX starts, or not at all."""

import subprocess
import sys

import pytest

from artifact.engine import device


def run(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_claiming_after_jax_is_refused():
    found = run("import jax; from artifact.engine import device; device.claim('cpu', 1)")
    assert found.returncode != 0
    assert "the device must be claimed before jax is imported" in found.stderr


def test_claiming_limits_the_pools():
    program = "from artifact.engine import device; device.claim('cpu', 3); import os; "
    assert run(program + "print(os.environ['NPROC'])").stdout.strip() == "3"


def test_a_job_that_was_promised_a_gpu_never_falls_back_to_the_cpu():
    program = (
        "from artifact.engine import device; device.claim('gpu', 1); import jax; "
        "print(jax.devices()[0].platform)"
    )
    found = run(program)
    assert found.stdout.strip() == "gpu" or found.returncode != 0


def test_a_gpu_multiplies_in_full_single_precision_and_always_in_the_same_order():
    program = (
        "from artifact.engine import device; device.claim('gpu', 1); import os; "
        "print(os.environ['JAX_DEFAULT_MATMUL_PRECISION'], os.environ['XLA_FLAGS'])"
    )
    precision, *flags = run(program).stdout.split()
    assert precision == "highest"
    assert {"--xla_gpu_deterministic_ops=true", "--xla_gpu_autotune_level=0"} <= {*flags}
    assert flags[-1].endswith(",WHILE,CONDITIONAL")
    # XLA ends a process that is given a flag which it does not know.
    known = f"import os; os.environ['XLA_FLAGS'] = {' '.join(flags)!r}; import jax; jax.devices()"
    assert run(known).returncode == 0


def test_a_job_is_spared_the_wrong_products_of_jaxlib_0_10_2():
    """A vmapped product followed by a sum: without our flag 1065369600 (JAX issue 39103)."""
    program = """
from artifact.engine import device
device.claim("cpu", 1)
import jax, jax.numpy as jnp
i = jnp.arange(32769, dtype=jnp.float32)
x = jnp.stack((i, 0 * i, 0 * i), axis=1)
found = jax.jit(jax.vmap(lambda row: jnp.sum((jnp.eye(3) @ row) ** 2)))(x)
print(float(found[-1]))
"""
    assert float(run(program).stdout) == 32768.0**2


@pytest.mark.parametrize(("optimised", "found"), [(True, False), (False, True)])
def test_programs_are_optimised_unless_the_settings_say_otherwise(optimised, found):
    program = (
        f"from artifact.engine import device; device.claim('cpu', 1, {optimised}); import jax, os; "
        "jax.devices(); print(os.environ['XLA_FLAGS'])"
    )
    flags = run(program).stdout
    assert "--xla_cpu_experimental_ynn_fusion_type=" in flags
    assert ("--xla_backend_optimization_level=1" in flags) is found


@pytest.mark.parametrize(
    ("jaxlib", "known"), [("0.10.1", True), ("0.11.0", True), ("0.11.1", False)]
)
def test_a_newer_jaxlib_is_not_given_a_flag_that_it_lacks(jaxlib, known):
    """Seen on 0.11.1, 0.11.2 and 0.12.0, which end the process; 0.10.1 and 0.11.0 take it."""
    flags = device.less_optimised(jaxlib)
    assert ("--xla_cpu_use_fusion_emitters=false" in flags) is known
    assert "--xla_backend_optimization_level=1" in flags
