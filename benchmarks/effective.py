"""How many independent draws a chain is worth: the table of docs/library/diagnostics.md.

`python benchmarks/effective.py` runs both samplers and writes the table, in a minute or two on one
core. The model is README's example.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import arviz
import blackjax
import jax
import jax.numpy as jnp
import numpy as np

import ngd
from artifact.records import documents, files
from ngd.metrics import exact_fisher
from ngd.task import Params, Task

DOCUMENT = Path(__file__).parents[1] / "docs" / "library" / "diagnostics.md"
RATE, DAMPING = 0.05, 0.01
STEP, BATCH = 1e-4, 40
"""Of SGLD; its step is in units of the summed cost, and so ε/N."""


def logits(params: Params, x: jax.Array) -> jax.Array:
    """Of two classes."""
    margin = x @ params["weights"] + params["bias"]
    return jnp.stack([jnp.zeros_like(margin), margin], axis=1)


def problem() -> tuple[Task, Params]:
    """README's training set, and its start."""
    key_x, key_y, _ = jax.random.split(jax.random.key(0), 3)
    x = jax.random.normal(key_x, (600, 5))
    y = jax.random.bernoulli(key_y, jax.nn.sigmoid(2 * x[:, 0] - x[:, 1])).astype(int)
    task = Task(logits, x[:400], y[:400], ngd.l2(0.01))
    return task, {"weights": jnp.zeros(5), "bias": jnp.zeros(())}


def sgld(task: Task) -> Callable[[jax.Array, Params], Params]:
    """A step of BlackJAX's stochastic gradient Langevin dynamics, on a minibatch of its own."""

    def log_prior(params: Params) -> jax.Array:
        return -task.examples * task.regulariser(params)

    def log_likelihood(params: Params, example: tuple[jax.Array, jax.Array]) -> jax.Array:
        x, label = example
        return jax.nn.log_softmax(task.logits(params, x[None]))[0, label]

    slope = blackjax.sgmcmc.gradients.grad_estimator(log_prior, log_likelihood, task.examples)
    kernel = blackjax.sgld(slope)

    def step(rng_key: jax.Array, params: Params) -> Params:
        key_batch, key_noise = jax.random.split(rng_key)
        chosen = jax.random.choice(key_batch, task.examples, (BATCH,), replace=False)
        return kernel.step(key_noise, params, (task.x[chosen], task.y[chosen]), STEP)

    return step


def first_weight(
    step: Callable[[jax.Array, Any], Any], start: Any, chains: int, burn_in: int, draws: int
) -> np.ndarray:
    """One weight after each update past the burn-in, shape (chains, draws)."""

    def update(state: Any, rng_key: jax.Array) -> tuple[Any, jax.Array]:
        state = step(rng_key, state)
        return state, getattr(state, "position", state)["weights"][0]

    @jax.jit
    @jax.vmap
    def chain(rng_key: jax.Array) -> jax.Array:
        return jax.lax.scan(update, start, jax.random.split(rng_key, burn_in + draws))[1]

    return np.asarray(chain(jax.random.split(jax.random.key(1), chains)))[:, burn_in:]


def rows(chains: int = 8, burn_in: int = 4000, draws: int = 16_000) -> list[dict[str, str]]:
    """Each sampler's bulk ESS, and R-hat, by ArviZ."""
    task, start = problem()
    ours = ngd.preconditioned_langevin(exact_fisher(task), learning_rate=RATE, damping=DAMPING)
    samplers = {
        f"preconditioned_langevin, ε = {RATE:g}, δ = {DAMPING:g}": (
            task.examples,
            lambda rng_key, state: ours.step(rng_key, state)[0],
            ours.init(start),
        ),
        f"SGLD (BlackJAX), step {STEP:g}, B = {BATCH}": (BATCH, sgld(task), start),
    }
    found = []
    for name, (examples, step, state) in samplers.items():
        path = first_weight(step, state, chains, burn_in, draws)
        found.append(
            {
                "sampler": name,
                "examples an update": str(examples),
                "draws": f"{chains} x {draws}",
                "bulk ESS": f"{float(arviz.ess(path)):.0f}",
                "R-hat": f"{float(arviz.rhat(path)):.3f}",
                "mean": f"{path.mean():.2f}",
                "deviation": f"{path.std():.2f}",
            }
        )
    return found


def main() -> None:
    """Put the table into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    files.write_text(documents.put(text, "effective", documents.table(rows())), DOCUMENT)


if __name__ == "__main__":
    main()
