"""Keys: named coordinates, nothing else."""

import itertools

import jax
import numpy as np

from artifact.engine.keys import key


def bits(k):
    return tuple(np.asarray(jax.random.key_data(k)).tolist())


def test_the_order_of_coordinates_does_not_count():
    assert bits(key(1, "a", N=10, T=0.5)) == bits(key(1, "a", T=0.5, N=10))


def test_any_other_root_path_name_or_value_gives_another_key():
    keys = [
        key(1, "a", N=10, T=0.5),
        key(2, "a", N=10, T=0.5),
        key(1, "b", N=10, T=0.5),
        key(1, "a", "a", N=10, T=0.5),
        key(1, "a", N=11, T=0.5),
        key(1, "a", N=10, T=0.25),
        key(1, "a", M=10, T=0.5),
        key(1, "a", N=0.5, T=10),
        key(1, "a", N=10),
    ]
    assert len({bits(k) for k in keys}) == len(keys)


def test_the_keys_of_a_large_sweep_are_distinct():
    grid = itertools.product(["fig2", "fig3"], [0.05, 0.1], range(10), range(10))
    keys = {bits(key(0, f, T=t, N=n, seed=s)) for f, t, n, s in grid}
    assert len(keys) == 2 * 2 * 10 * 10


def test_whole_numbers_and_floats_of_one_value_are_one_coordinate():
    assert bits(key(1, T=1)) == bits(key(1, T=1.0))
