"""Holding a process to the device and the threads that it was given."""

import os
import sys

PLATFORMS = {"cpu": "cpu", "gpu": "cuda"}


def claim(device: str, threads: int) -> None:
    """Limit JAX to one platform, and its and the linear algebra's pools to `threads`.

    All of them read these variables at their start. Two JAX processes of default size on
    two cores run several times slower each; a JAX that finds no GPU takes the CPU, unless
    it is told the platform, when it fails.

    Args:
        device: a key of `PLATFORMS`.
        threads: how many.

    Raises:
        RuntimeError: JAX or NumPy is already imported, and the limits would be ignored.
    """
    late = [module for module in ("jax", "numpy") if module in sys.modules]
    if late:
        raise RuntimeError(f"the device must be claimed before {late[0]} is imported")
    pools = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    os.environ.update(dict.fromkeys(pools, str(threads)))
    os.environ["JAX_PLATFORMS"] = PLATFORMS[device]
