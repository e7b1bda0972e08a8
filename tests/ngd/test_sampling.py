"""Running a chain against a plain loop over steps."""

import jax
import jax.numpy as jnp
import numpy as np

from ngd import sampling
from ngd.metrics import moving_average, sampled_fisher
from ngd.samplers import stochastic_ngd


def sampler(toy):
    task, params = toy("mlp")
    metric = moving_average(sampled_fisher(task, 5), 0.6)
    algorithm = stochastic_ngd.build(metric, learning_rate=0.1, damping=0.1, batch_size=3)
    return algorithm, algorithm.init(params)


def fold(kept, i, state, info):
    position = jax.flatten_util.ravel_pytree(state.position)[0]
    return kept[0].at[i].set(position), kept[1] + info.length


def nothing(steps):
    return jnp.zeros((steps, 24)), jnp.zeros(())


def leaves(tree):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def test_run_is_a_loop_of_steps_with_folded_keys(toy, x64):
    algorithm, state = sampler(toy)
    key = jax.random.key(5)
    last, (positions, length) = sampling.run(key, algorithm, state, 6, fold, nothing(6))
    step, total = jax.jit(algorithm.step), 0.0
    for i in range(6):
        state, info = step(jax.random.fold_in(key, i), state)
        total += float(info.length)
        flat = jax.flatten_util.ravel_pytree(state.position)[0]
        np.testing.assert_allclose(positions[i], flat, rtol=1e-9)
    np.testing.assert_allclose(length, total, rtol=1e-9)
    for a, b in zip(leaves(last), leaves(state), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_a_chain_in_pieces_is_the_chain_whole_to_the_bit(toy):
    algorithm, state = sampler(toy)
    key = jax.random.key(5)

    @jax.jit
    def run(state, kept, updates, first):
        return sampling.run(key, algorithm, state, updates, fold, kept, first)

    whole = run(state, nothing(11), 11, 0)
    pieces, kept, first = state, nothing(11), 0
    for updates in (1, 4, 0, 6):
        pieces, kept = run(pieces, kept, updates, first)
        first += updates
    for a, b in zip(leaves(whole), leaves((pieces, kept)), strict=True):
        np.testing.assert_array_equal(a, b)
    # A piece that forgets where it stands repeats the draws of the first.
    repeated, _ = run(run(state, nothing(11), 5, 0)[0], nothing(11), 6, 0)
    assert not np.array_equal(leaves(repeated)[0], leaves(pieces)[0])


def test_without_a_fold_nothing_is_kept(toy):
    algorithm, state = sampler(toy)
    last, kept = sampling.run(jax.random.key(0), algorithm, state, 3)
    folded, _ = sampling.run(jax.random.key(0), algorithm, state, 3, fold, nothing(3))
    assert kept == ()
    for a, b in zip(leaves(last.position), leaves(folded.position), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_no_updates_leave_the_state(toy):
    algorithm, state = sampler(toy)
    last, _ = sampling.run(jax.random.key(0), algorithm, state, 0)
    for a, b in zip(leaves(last), leaves(state), strict=True):
        np.testing.assert_array_equal(a, b)
