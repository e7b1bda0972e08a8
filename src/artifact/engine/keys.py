"""All randomness: keys folded from one root seed by named coordinates."""

import zlib

import jax
from jaxtyping import PRNGKeyArray


def key(root: int, *path: str, **coordinates: float) -> PRNGKeyArray:
    """The key at a path of words and named coordinates, the same whatever else is drawn.

    Args:
        root: the root seed.
        path: what the key is for, as ("fig3", "chain").
        coordinates: which one, as N=1000, T=0.5, seed=3. Their order does not count.
    """
    result = jax.random.key(root)
    named = [f"{name}={float(value)!r}" for name, value in sorted(coordinates.items())]
    for coordinate in (*path, *named):
        result = jax.random.fold_in(result, zlib.crc32(coordinate.encode()))
    return result
