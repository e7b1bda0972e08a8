"""Programs that are compiled once for all training sets."""

from collections.abc import Callable
from typing import Any

import jax

from ngd.sampling import data_and_function

_COMPILED: dict[str, Any] = {}


def compiled(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """A function, compiled; one that another differs from in arrays alone is not compiled again.

    The arrays that it closes over, a task's data, are arguments of the program.

    Args:
        function: what is run; of arrays and pytrees of arrays alone.
        arguments: of the shapes that it will be called with.
    """
    run, data = data_and_function(function, arguments)
    lowered = jax.jit(run).lower(data, *arguments)
    text = lowered.as_text()
    if text not in _COMPILED:
        _COMPILED[text] = lowered.compile()
    of_data = _COMPILED[text]
    return lambda *arguments: of_data(data, *arguments)
