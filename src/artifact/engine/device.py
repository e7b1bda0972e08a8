"""Holding a process to the device and the threads that it was given."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys

from packaging.version import Version

PLATFORMS = {"cpu": "cpu", "gpu": "cuda"}

XLA_FLAGS = "--xla_cpu_experimental_ynn_fusion_type="
"""No fusions by YNNPACK: those of jaxlib 0.10.2 give wrong numbers in silence (JAX issue 39103)."""


def less_optimised(jaxlib: str) -> str:
    """Flags with which the CPU's programs compile in less than half the time.

    Not optimised at all, long chains would lose more.

    Args:
        jaxlib: its version. XLA ends a process at a flag that it does not know; that of the fusion
            emitters is gone since 0.11.1.
    """
    known = Version(jaxlib) < Version("0.11.1")
    emitters = ["--xla_cpu_use_fusion_emitters=false"] if known else []
    levels = ["--xla_backend_optimization_level=1", "--xla_cpu_parallel_codegen_split_count=1"]
    return " ".join([*emitters, *levels])


LESS_OPTIMISED = less_optimised(importlib.metadata.version("jaxlib"))
"""Of the jaxlib that is installed."""

GRAPHS = "FUSION,CUBLAS,CUBLASLT,CUDNN,CUSTOM_CALL,DYNAMIC_SLICE_FUSION,WHILE,CONDITIONAL"
"""What XLA records as CUDA graphs: with loops among it, the GPU does not wait for the CPU."""

GPU_VARIABLES = {
    # Else products of float32 are rounded to the 10 bits of TF32, in silence.
    "JAX_DEFAULT_MATMUL_PRECISION": "highest",
    # Jobs may share a card: each takes the memory that it needs, not three quarters.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # Kernels chosen by timing them, or that add in no fixed order, give other bytes each time.
    "XLA_FLAGS": "--xla_gpu_deterministic_ops=true --xla_gpu_autotune_level=0 "
    f"--xla_gpu_enable_command_buffer={GRAPHS}",
}

KEPT = (
    "JAX_COMPILATION_CACHE_DIR",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
)
"""Of JAX's variables: those which change no number."""


def claim(device: str, threads: int, optimised: bool = True) -> None:
    """Limit JAX to one platform, and its and the linear algebra's pools to `threads`.

    Whatever else the environment tells JAX or XLA is dropped: double precision, other random
    numbers, host devices and debugging all change what a job computes.

    All of them read these variables at their start. Two JAX processes of default size on
    two cores run several times slower each; a JAX that finds no GPU takes the CPU, unless
    it is told the platform, when it fails.

    Args:
        device: a key of `PLATFORMS`.
        threads: how many.
        optimised: whether the CPU's programs are, in full; else they round otherwise.

    Raises:
        RuntimeError: JAX or NumPy is already imported, and the limits would be ignored.
    """
    late = [module for module in ("jax", "numpy") if module in sys.modules]
    if late:
        raise RuntimeError(f"the device must be claimed before {late[0]} is imported")
    pools = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    os.environ.update(dict.fromkeys(pools, str(threads)))
    told = [name for name in os.environ if name.startswith(("JAX_", "XLA_")) and name not in KEPT]
    for name in told:
        del os.environ[name]
    os.environ["JAX_PLATFORMS"] = PLATFORMS[device]
    of_cpu = {"XLA_FLAGS": XLA_FLAGS if optimised else f"{XLA_FLAGS} {LESS_OPTIMISED}"}
    os.environ.update(GPU_VARIABLES if device == "gpu" else of_cpu)


def lacks_gpu() -> str:
    """What keeps JAX from using a GPU of this machine; empty if nothing is known to."""
    if importlib.util.find_spec("jax_cuda13_plugin") is None:
        return "JAX's CUDA plugin is not installed (requirements-gpu.lock)"
    tool = shutil.which("nvidia-smi")
    command = [tool, "--list-gpus"] if tool else ["false"]
    listed = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    if listed.returncode or "GPU" not in listed.stdout:
        return "nvidia-smi lists no GPU"
    return ""
