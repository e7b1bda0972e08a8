"""The reference of `make growth`, in the labels' own system, against ours in the parameters'."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from tests import scripts

import ngd
from ngd.task import gradient

N, LABELS = 12, 5


def test_its_step_is_the_dense_solution_for_the_labels_that_it_draws(x64):
    plain = scripts.load("benchmarks/plain.py")
    rng = np.random.default_rng(0)
    x, y = jnp.asarray(rng.normal(size=(N, 3))), jnp.asarray(np.arange(N) % 4)
    w = {"bias": jnp.asarray(rng.normal(size=4)), "kernel": jnp.asarray(rng.normal(size=(3, 4)))}

    def logits(w, x):
        return x @ w["kernel"] + w["bias"]

    step = plain.of_labels(
        logits, x, y, 0.3, labels=LABELS, batch_size=N, learning_rate=0.2, damping=0.05
    )
    key = jax.random.key(1)
    moved = ravel_pytree(step(key, w))[0] - ravel_pytree(w)[0]

    _, key_fisher, key_label = jax.random.split(key, 3)
    inputs = x[jax.random.permutation(key_fisher, N)[:LABELS]]
    drawn = jax.random.categorical(key_label, logits(w, inputs))
    p = jax.nn.softmax(logits(w, inputs))
    apart = p - jax.nn.one_hot(drawn, 4)
    # Of a kernel the input times that, and of the bias that alone, which is first.
    kernels = jnp.einsum("ni,nk->nik", inputs, apart).reshape(LABELS, -1)
    rows = jnp.concatenate([apart, kernels], axis=1)
    damped = rows.T @ rows / LABELS + 0.05 * jnp.eye(16)
    slope = gradient(ngd.Task(logits, x, y, ngd.l2(0.3)), w)
    np.testing.assert_allclose(moved, -0.2 * jnp.linalg.solve(damped, slope), rtol=1e-9)
