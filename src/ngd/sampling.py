"""Running a chain: burn-in, then samples folded into whatever is to be kept of them."""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jaxtyping import Array, Int, PRNGKeyArray

from ngd.samplers.algorithm import SamplingAlgorithm


def run(
    rng_key: PRNGKeyArray,
    algorithm: SamplingAlgorithm,
    state: Any,
    updates: int | Int[Array, ""],
    fold: Callable[[Any, Int[Array, ""], Any, Any], Any] | None = None,
    kept: Any = (),
    first: int | Int[Array, ""] = 0,
) -> tuple[Any, Any]:
    """`updates` steps, with `kept = fold(kept, i, state, info)` after update i.

    Update i draws from `fold_in(rng_key, i)`, so a chain run in pieces, each beginning at
    `first`, is the chain run whole.

    Args:
        rng_key: the chain's key.
        algorithm: a sampler.
        state: where it is.
        updates: how many steps; burn-in is a call without `fold`.
        fold: what to do with a state; None keeps nothing.
        kept: what has been kept so far.
        first: the number of the first update.

    Returns:
        The last state, and what was kept.
    """

    def body(i: Int[Array, ""], carry: tuple[Any, Any]) -> tuple[Any, Any]:
        state, kept = carry
        state, info = algorithm.step(jax.random.fold_in(rng_key, first + i), state)
        return state, kept if fold is None else fold(kept, first + i, state, info)

    return jax.lax.fori_loop(0, updates, body, (state, kept))


def with_data_as_arguments(
    function: Callable[..., Any], arguments: tuple[Any, ...], donated: int
) -> Callable[..., Any]:
    """`jit` of a function that takes the arrays which it closes over, a task's data, as arguments.

    As constants of the program they are copied into it, and the compiler reads them through.

    Args:
        function: what is run; of arrays and pytrees of arrays alone.
        arguments: of the shapes that it will be called with.
        donated: which of them gives its buffers to the result.
    """
    run, data = data_and_function(function, arguments)
    compiled = jax.jit(run, donate_argnums=donated + 1)
    return lambda *arguments: compiled(data, *arguments)


def data_and_function(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Callable[..., Any], list[Any]]:
    """A function of (data, *arguments), and the data: the arrays that the given one closes over."""
    program, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
    structure = jax.tree.structure(shapes)

    def run(data: list[Any], *arguments: Any) -> Any:
        of_arrays = jaxpr_as_fun(ClosedJaxpr(program.jaxpr, data))
        return jax.tree.unflatten(structure, of_arrays(*jax.tree.leaves(arguments)))

    return run, program.consts
