"""Chains of which not every update is a sample."""

import jax
from jaxtyping import PRNGKeyArray

from ngd.samplers.algorithm import Info, SamplingAlgorithm


def thinned(algorithm: SamplingAlgorithm, steps: int) -> SamplingAlgorithm:
    """One step for so many of another sampler; what it tells is of the last."""

    def step(rng_key: PRNGKeyArray, state: object) -> tuple[object, Info]:
        def body(state: object, key: PRNGKeyArray) -> tuple[object, Info]:
            return algorithm.step(key, state)

        state, infos = jax.lax.scan(body, state, jax.random.split(rng_key, steps))
        return state, jax.tree.map(lambda told: told[-1], infos)

    return SamplingAlgorithm(algorithm.init, step)
