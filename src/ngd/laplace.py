"""The Laplace approximation at the cost's minimum, section 6.1."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from ngd import bounds
from ngd.data import Inputs
from ngd.task import Functions, Params, Task, check, flatten, gradient, mean_cost

COLUMNS = 64
"""Of a Hessian, made at once: each holds the activations of all examples."""


class Laplace(NamedTuple):
    """A Gaussian N(mean, covariance) over the flat parameters."""

    mean: Float[Array, " P"]
    covariance: Float[Array, "P P"]


def minimise(task: Task, position: Params, tolerance: float = 1e-5, updates: int = 500) -> Params:
    """A minimum of C by optax's LBFGS.

    Raises:
        ValueError: after `updates` updates |(1/N) dC/dω| is above `tolerance`, or a Newton
            step longer than 1% of |ω|: for separable classes without a regulariser no
            minimum exists.
    """
    check(task, position)
    params = _descend(task.functions, task.x, task.y, position, tolerance, updates)
    g = gradient(task, params)
    slope = float(jnp.linalg.norm(g))
    # For separable classes the gradient vanishes too, but as the parameters run away: a
    # Newton step from there is as long as ever, where near a minimum it is short.
    newton = jnp.linalg.solve(hessian(task, params) / task.examples, g)
    step = float(jnp.linalg.norm(newton) / (1 + jnp.linalg.norm(flatten(params))))
    if not (slope <= tolerance and step <= 0.01):
        raise ValueError(
            f"no minimum of the cost within {updates} LBFGS updates: the gradient is "
            f"{slope:.2g}, tolerance {tolerance:.2g}, and a Newton step would move the "
            f"parameters by {100 * step:.2g}% (separable classes have no minimum)"
        )
    return params


@partial(jax.jit, static_argnums=(0, 4, 5))
def _descend(
    functions: Functions,
    x: Inputs,
    y: Array,
    position: Params,
    tolerance: float,
    updates: int,
) -> Params:
    """LBFGS; the task in parts, so that one of the same shapes is compiled no more."""
    task = functions.on(x, y)
    optimiser = optax.lbfgs()
    value_and_grad = optax.value_and_grad_from_state(lambda p: mean_cost(task, p))

    def body(carry: tuple[Params, optax.OptState]) -> tuple[Params, optax.OptState]:
        params, state = carry
        value, grad = value_and_grad(params, state=state)
        step, state = optimiser.update(
            grad,
            state,
            params,
            value=value,
            grad=grad,
            value_fn=lambda p: mean_cost(task, p),
        )
        return optax.apply_updates(params, step), state

    def unfinished(carry: tuple[Params, optax.OptState]) -> Array:
        params, state = carry
        count = optax.tree_utils.tree_get(state, "count")
        return (count < updates) & (jnp.linalg.norm(gradient(task, params)) > tolerance)

    return jax.lax.while_loop(unfinished, body, (position, optimiser.init(position)))[0]


def hessian_times(task: Task, params: Params) -> Callable[[Float[Array, " P"]], Float[Array, " P"]]:
    """A function of v: (1/N) d²C/dω² v, of the MEAN cost; it costs two gradients."""
    flat, unravel = ravel_pytree(params)
    slope = jax.grad(lambda w: mean_cost(task, unravel(w)))
    return lambda v: jax.jvp(slope, (flat,), (v,))[1]


def hessian(task: Task, params: Params) -> Float[Array, "P P"]:
    """d²C/dω² of the SUMMED cost over the flat parameters, some columns at a time."""
    flat = flatten(params)
    basis = jnp.eye(len(flat), dtype=flat.dtype)
    return task.examples * jax.lax.map(hessian_times(task, params), basis, batch_size=COLUMNS).T


def laplace(task: Task, minimum: Params, temperature: float = 1.0) -> Laplace:
    """N(ω*, T (d²C/dω²)⁻¹) at a minimum ω* of C.

    Raises:
        ValueError: T is not positive, the Hessian is not positive definite, or the gradient
            says that the minimum is elsewhere.
    """
    temperature = float(bounds.positive("temperature", temperature))
    check(task, minimum)
    curvature = hessian(task, minimum)
    smallest = float(jnp.linalg.eigvalsh(curvature)[0])
    if not smallest > 0:
        raise ValueError(f"the Hessian's smallest eigenvalue is {smallest:.3g}, must be > 0")
    slope = task.examples * gradient(task, minimum)
    # The Newton step in the Gaussian's own units, where a draw's length is √P.
    length = float(jnp.sqrt(slope @ jnp.linalg.solve(curvature, slope) / len(slope)))
    if not length <= 0.1 * temperature**0.5:
        raise ValueError(
            f"the point is no minimum of the cost: a Newton step from it is {length:.2g} standard "
            "deviations of the posterior a parameter, allowed is 0.1 (see `minimise`)"
        )
    return Laplace(ravel_pytree(minimum)[0], temperature * jnp.linalg.inv(curvature))
