"""Our samplers run in BlackJAX's own loop."""

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ngd
from ngd.metrics import exact_fisher, moving_average, sampled_fisher
from ngd.samplers import full_ngd, langevin, mandt, preconditioned_langevin, stochastic_ngd

X = jax.random.normal(jax.random.key(1), (40, 3))
TASK = ngd.Task(lambda p, x: x @ p["w"], X, (X[:, 0] > 0).astype(int), ngd.l2(0.1))
START = {"w": jnp.zeros((3, 2))}

SAMPLERS = {
    "langevin": langevin.build(TASK, learning_rate=0.1),
    "preconditioned_langevin": preconditioned_langevin.build(
        exact_fisher(TASK), learning_rate=0.1, damping=0.1
    ),
    "full_ngd": full_ngd.build(exact_fisher(TASK), learning_rate=0.1, damping=0.1),
    "stochastic_ngd": stochastic_ngd.build(
        moving_average(sampled_fisher(TASK, 20), 0.5),
        learning_rate=0.1,
        damping=0.1,
        batch_size=5,
    ),
    "mandt": mandt.build(TASK, learning_rate=0.1, batch_size=5, damping=0.1),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_blackjax_runs_the_chain_that_a_loop_runs(name):
    sampler, key = SAMPLERS[name], jax.random.key(7)
    last, positions = blackjax.util.run_inference_algorithm(
        key, sampler, 6, initial_position=START, transform=lambda state, info: state.position
    )
    rng_key, init_key = jax.random.split(key)
    state = sampler.init(START, init_key)
    for step, step_key in enumerate(jax.random.split(rng_key, 6)):
        state, _ = sampler.step(step_key, state)
        np.testing.assert_allclose(positions["w"][step], state.position["w"], rtol=1e-4, atol=1e-5)
    assert last.position["w"].shape == (3, 2)
    assert jnp.any(last.position["w"] != 0)
