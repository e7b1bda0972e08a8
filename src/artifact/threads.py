"""Holding a process to the threads that it was given."""

import os
import sys


def pin(threads: int) -> None:
    """Limit JAX's and the linear algebra's pools, which both read these at their start.

    Two JAX processes of default size on two cores run several times slower each.

    Raises:
        RuntimeError: JAX or NumPy is already imported, and the limit would be ignored.
    """
    late = [module for module in ("jax", "numpy") if module in sys.modules]
    if late:
        raise RuntimeError(f"threads must be pinned before {late[0]} is imported")
    pools = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    os.environ.update(dict.fromkeys(pools, str(threads)))
