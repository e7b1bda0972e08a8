"""Draws of a posterior by BlackJAX's NUTS, and how to compare draws with them."""

import blackjax
import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from ngd.task import mean_cost


def nuts(task, start, chains, draws):
    """BlackJAX's NUTS of e^{-C}, adapted once: flat draws (chain, draw, P)."""
    flat, unravel = ravel_pytree(start)

    def log_density(w):
        return -task.examples * mean_cost(task, unravel(w))

    @jax.jit
    def run(key):
        first, second = jax.random.split(key)
        warm_up = blackjax.window_adaptation(blackjax.nuts, log_density)
        (warm, tuned), _ = warm_up.run(first, flat, 300)
        kernel = blackjax.nuts(log_density, **tuned)

        def step(state, key):
            state, _ = kernel.step(key, state)
            return state, state.position

        def chain(key):
            return jax.lax.scan(step, warm, jax.random.split(key, draws))[1]

        return jax.lax.map(chain, jax.random.split(second, chains))

    return np.asarray(run(jax.random.key(9)), float)


def moments(draws):
    """Means and squares of each parameter by chain, and their standard errors over chains."""
    centre = draws.mean(axis=(0, 1))
    each = np.concatenate([draws.mean(axis=1), ((draws - centre) ** 2).mean(axis=1)], axis=1)
    return each.mean(axis=0), each.std(axis=0, ddof=1) / np.sqrt(len(each))
