"""What a user's environment tells JAX reaches no job: the same numbers, to the byte."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"

TOLD = {
    "JAX_ENABLE_X64": "1",
    "JAX_THREEFRY_PARTITIONABLE": "0",
    "JAX_DEFAULT_PRNG_IMPL": "rbg",
    "JAX_DEFAULT_MATMUL_PRECISION": "bfloat16",
    "JAX_NUM_CPU_DEVICES": "3",
    "JAX_DISABLE_JIT": "1",
    "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}

DRAW = """
from artifact.engine import device
device.claim("cpu", 1)
import jax, numpy
drawn = jax.random.normal(jax.random.key(1), (8, 8))
print(jax.device_count(), drawn.dtype, numpy.asarray(drawn @ drawn).tobytes().hex())
"""


def run(program, **variables):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "XLA_"))}
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**kept, "PYTHONPATH": str(SOURCES), **variables},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_claimed_process_draws_the_same_whatever_jax_was_told():
    plain = run(DRAW)
    assert plain.startswith("1 float32 ")
    assert run(DRAW, **TOLD) == plain


@pytest.mark.parametrize("name", [*TOLD, "JAX_SOME_NEW_FLAG", "XLA_SOME_NEW_FLAG"])
def test_of_jax_variables_a_claim_leaves_its_own_and_the_cache(name):
    from artifact.engine import device

    program = (
        "import os; from artifact.engine import device; device.claim('cpu', 1)\n"
        "print(sorted((k, v) for k, v in os.environ.items() if k.startswith(('JAX_', 'XLA_'))))"
    )
    cache = dict.fromkeys(device.KEPT, "/cache")
    left = {**cache, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": device.XLA_FLAGS}
    assert run(program, **{name: "1"}, **cache) == f"{sorted(left.items())}\n"
