"""Patterson & Teh (2013) on the simplex: probabilities of classes by their expanded mean."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ngd import bounds, minibatch
from ngd.bounds import Scalar
from ngd.likelihood import class_labels
from ngd.metrics.diagonal import Diagonal
from ngd.metrics.metric import Metric, memoryless
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, State, algorithm
from ngd.task import Params, Task, mean_cost


def task_of(y: Any, concentration: Any) -> Task:
    """Labels of the probabilities θ/Σθ, with the prior θ_k ~ Gamma(α_k, 1), a Dirichlet(α) of them.

    Its parameters are θ, an array of shape (K,), of which signs do not count.

    Args:
        y: labels 0..K-1, shape (N,).
        concentration: α > 0, shape (K,), K >= 2.

    Raises:
        ValueError: y or α is not what it must be.
    """
    alpha = np.asarray(concentration, float)
    if alpha.ndim != 1 or len(alpha) < 2 or not (np.isfinite(alpha) & (alpha > 0)).all():
        raise ValueError(
            f"concentration must be numbers > 0 of shape (K,), K >= 2, got {concentration!r}"
        )
    y = class_labels(y)
    if int(y.max()) >= len(alpha):
        raise ValueError(f"y must be labels 0..{len(alpha) - 1}, got {int(y.max())}")

    def logits(theta: Params, x: Array) -> Float[Array, "n K"]:
        return jnp.broadcast_to(jnp.log(jnp.abs(theta)), (len(x), len(alpha)))

    def prior(theta: Params) -> Float[Array, ""]:
        return jnp.sum((alpha - 1) * jnp.log(jnp.abs(theta)) - jnp.abs(theta))

    return Task(logits, jnp.zeros((len(y), 1)), y, prior=prior)


def expanded_mean(task: Task) -> Metric:
    """G = diag(1/θ), for which ∇·G⁻¹ is 1 in each direction."""
    return memoryless(task, lambda key, theta: Diagonal(jnp.abs(theta) ** -0.5))


def step(
    rng_key: PRNGKeyArray,
    state: State,
    task: Task,
    concentration: Float[Array, " K"],
    learning_rate: Scalar,
    batch_size: int,
) -> tuple[State, Info]:
    """θ_k <- |θ_k + (h/2)(α_k - θ_k + (N/B)(n_k - Bθ_k/Σθ)) + (hθ_k)^{1/2} ξ_k|, h = 2ε/N.

    n_k counts the minibatch's labels k. The result is reflected, not its noise.
    """
    key_batch, key_noise = jax.random.split(rng_key)
    theta, n = state.position, task.examples
    indices = minibatch.draw(key_batch, n, batch_size)
    counts = _counts(task.y[indices], len(theta))
    h = 2 * learning_rate / n
    drift = concentration - theta + n / batch_size * counts - n * theta / theta.sum()
    xi = jax.random.normal(key_noise, theta.shape, theta.dtype)
    moved = jnp.abs(theta + h / 2 * drift + jnp.sqrt(h * theta) * xi).astype(theta.dtype)
    # dC/dθ, without the 1 of ∇·G⁻¹ that the drift has.
    slope = (1 - drift) / theta / n
    info = Info(
        jnp.linalg.norm(moved - theta),
        gradient_norm=jnp.linalg.norm(slope),
        mean_cost=mean_cost(task, theta, indices),
    )
    return State(moved, ()), info


def _counts(labels: Int[Array, " B"], classes: int) -> Float[Array, " K"]:
    return jnp.zeros(classes).at[labels].add(1.0)


def build(
    y: Any, *, concentration: Any, learning_rate: Scalar, batch_size: int
) -> SamplingAlgorithm:
    """Samples the posterior Dirichlet(α + n) of the probabilities θ/Σθ, as ε -> 0, at T = 1.

    `sgrld` with the metric `expanded_mean`, reflected at θ_k = 0; an update costs O(B + K). Σθ has
    the prior's Gamma(Σα, 1), whatever the labels. Where α_k + n_k is small and ε is not, θ_k piles
    up at 0; and where it is not above 1, the density does not vanish at θ_k = 0, so that
    `measured_temperature`, an integration by parts, does not hold.

    Args:
        y: labels 0..K-1, shape (N,).
        concentration: α > 0 of the Dirichlet prior, shape (K,).
        learning_rate: ε > 0. Their step h is 2ε/N.
        batch_size: B in 1..N, drawn without replacement.

    Returns:
        A sampler whose position is θ > 0, an array of shape (K,).

    Raises:
        ValueError: y, α, ε or B is not what it must be; by `init`: θ is not positive, or has not
            the shape of α.
    """
    task = task_of(y, concentration)
    alpha = jnp.asarray(concentration, float)
    learning_rate = bounds.positive("learning_rate", learning_rate)
    batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    plain = algorithm(
        lambda rng_key, state: step(rng_key, state, task, alpha, learning_rate, batch_size),
        Settings(task, learning_rate, expanded_mean(task), 0.0, batch_size, noise=1.0),
    )

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> State:
        if not isinstance(position, Tracer):
            theta = np.asarray(position)
            if theta.shape != alpha.shape or not (theta > 0).all():
                raise ValueError(
                    f"position must be numbers > 0 of shape {alpha.shape}, got {position!r}"
                )
        return plain.init(position)

    return plain._replace(init=init)
