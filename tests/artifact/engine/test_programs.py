"""Programs that differ in their data alone are compiled once."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from artifact.engine import programs


@pytest.fixture
def compiled(monkeypatch):
    """What was compiled."""
    made = {}
    monkeypatch.setattr(programs, "_COMPILED", made)
    return made


def chain(data, power, start):
    """A loop over data that it closes over."""
    return jax.lax.fori_loop(0, 3, lambda i, x: x + jnp.sum(data[i] ** power), start)


def test_other_data_share_a_program_and_keep_their_numbers(compiled):
    start = jnp.array(0.5)
    for seed in range(3):
        data = np.random.default_rng(seed).normal(size=(3, 4)).astype(np.float32)
        run = programs.compiled(partial(chain, jnp.asarray(data), 2), start)
        assert float(run(start)) == pytest.approx(0.5 + (data**2).sum(), rel=1e-5)
        assert float(run(start + 1)) == pytest.approx(1.5 + (data**2).sum(), rel=1e-5)
    assert len(compiled) == 1


def test_another_constant_or_another_shape_is_another_program(compiled):
    start, data = jnp.array(0.0), jnp.ones((3, 4)) * 2
    for power, of, expected in ((1, data, 24), (2, data, 48), (2, data[:, :2], 24)):
        assert float(programs.compiled(partial(chain, of, power), start)(start)) == expected
    assert len(compiled) == 3


def test_a_tree_comes_back_as_it_is(compiled):
    state = {"a": jnp.arange(3.0), "key": jax.random.key(1), "none": ()}
    found = programs.compiled(lambda tree: {**tree, "a": tree["a"] + 1}, state)(state)
    assert jax.tree.structure(found) == jax.tree.structure(state)
    assert found["a"].tolist() == [1, 2, 3]
    assert jnp.array_equal(jax.random.key_data(found["key"]), jax.random.key_data(state["key"]))
