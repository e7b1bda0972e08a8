"""Programs that are compiled once for all training sets."""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

_COMPILED: dict[str, Any] = {}


def compiled(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """A function, compiled; one that another differs from in arrays alone is not compiled again.

    The arrays that it closes over, a task's data, are arguments of the program.

    Args:
        function: what is run; of arrays and pytrees of arrays alone.
        arguments: of the shapes that it will be called with.
    """
    program, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
    structure = jax.tree.structure(shapes)

    def run(constants: Any, *arguments: Any) -> Any:
        of_arrays = jaxpr_as_fun(ClosedJaxpr(program.jaxpr, constants))
        return jax.tree.unflatten(structure, of_arrays(*jax.tree.leaves(arguments)))

    lowered = jax.jit(run).lower(program.consts, *arguments)
    text = lowered.as_text()
    if text not in _COMPILED:
        _COMPILED[text] = lowered.compile()
    of_data = _COMPILED[text]
    return lambda *arguments: of_data(program.consts, *arguments)
