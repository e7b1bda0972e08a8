"""What the arrays lie on, where that decides which arithmetic is cheap."""

import jax


def accelerated() -> bool:
    """Whether JAX computes on a GPU or another accelerator.

    There many chains run at the same time, starting a kernel costs more than most kernels, and
    a loop of short steps leaves the device idle; on a CPU what counts is what its cache holds.
    """
    return jax.default_backend() != "cpu"
