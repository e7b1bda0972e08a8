"""The program of an example's gradient, and the products that it ends in."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal
from jaxtyping import Array

from ngd.metrics.convolutions import positions
from ngd.task import Params

INLINED = ("jit", "pjit", "checkpoint", "remat", "remat2")
"""Calls whose body is read as if it stood where the call is."""


class Side(NamedTuple):
    """One operand of a kernel's gradient.

    Attributes:
        values: shape (T, n), a row for each of T positions.
        source: the variable that these are rows of; None where they are columns.
    """

    values: Array
    source: Any


class Sides(NamedTuple):
    """A kernel's gradient is rows.valuesᵀ columns.values."""

    rows: Side
    columns: Side


class Program(NamedTuple):
    """How the gradient of one example was made.

    Attributes:
        made: the equation that made each variable.
        values: of each variable.
    """

    made: dict[Any, Any]
    values: dict[Any, Any]

    def maker(self, variable: Any) -> tuple[str, Any]:
        """The primitive that made a variable, and its equation; of an input "" and None."""
        eqn = None if isinstance(variable, Literal) else self.made.get(variable)
        return ("", None) if eqn is None else (eqn.primitive.name, eqn)

    def zero(self, variable: Any) -> bool:
        """Whether it was made as zeros."""
        while (found := self.maker(variable))[0] == "broadcast_in_dim":
            variable = found[1].invars[0]
        return isinstance(variable, Literal) and not np.any(variable.val)

    def matrix(self, variable: Any) -> tuple[Any, bool]:
        """The matrix that a variable is, its shape aside, and whether it is turned on the way."""
        name, eqn = self.maker(variable)
        if name == "reshape":
            # A convolution's kernel is a matrix in its product.
            variable = eqn.invars[0]
            name, eqn = self.maker(variable)
        turned = False
        while name == "transpose" and eqn.params["permutation"] == (1, 0):
            variable, turned = eqn.invars[0], not turned
            name, eqn = self.maker(variable)
        return variable, turned


def gradient_program(
    loss: Callable[..., Array], params: Params, *given: Any
) -> tuple[list[Any], list[Any], Program]:
    """dL/dω, an array for each of ω's, the variables that these are, and how they were made."""
    given = (params, *given)
    program = jax.make_jaxpr(jax.grad(loss))(*given)
    leaves = jax.tree.leaves(given)
    # Of one level, where each variable is made once: a function that is called twice is not.
    flat = jax.make_jaxpr(lambda *args: _run(program, args)[0])(*leaves)
    results, values = _run(flat, leaves)
    made = {variable: eqn for eqn in flat.jaxpr.eqns for variable in eqn.outvars}
    return results, flat.jaxpr.outvars, Program(made, values)


def _run(program: Any, args: Any) -> tuple[list[Any], dict[Any, Any]]:
    """What a program gives, and the value of each of its variables."""
    jaxpr = program.jaxpr
    names = (*jaxpr.constvars, *jaxpr.invars)
    values = dict(zip(names, (*program.consts, *args), strict=True))

    def value(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for eqn in jaxpr.eqns:
        inputs = [value(atom) for atom in eqn.invars]
        if eqn.primitive.name in INLINED:
            inner = eqn.params["jaxpr"]
            out, _ = _run(
                inner if isinstance(inner, ClosedJaxpr) else ClosedJaxpr(inner, ()), inputs
            )
        else:
            out = bound(eqn, inputs)
            out = out if eqn.primitive.multiple_results else [out]
        values.update(zip(eqn.outvars, out, strict=True))
    return [value(atom) for atom in jaxpr.outvars], values


def bound(eqn: Any, inputs: list[Any]) -> Any:
    """What an equation gives of other inputs."""
    options = eqn.primitive.get_bind_params(eqn.params)
    # JAX before 0.10 gives the functions among them apart.
    functions, options = options if isinstance(options, tuple) else ((), options)
    return eqn.primitive.bind(*functions, *inputs, **options)


def sides(variable: Any, program: Program) -> Sides | None:
    """The two sides of a kernel's gradient, where it is a product; None where it is not."""
    shape = variable.aval.shape
    variable, turned = program.matrix(variable)
    name, eqn = program.maker(variable)
    if name == "conv_general_dilated" and variable.aval.shape == shape and not turned:
        return _convolution(eqn, program)
    if name != "dot_general" or len(variable.aval.shape) != 2:
        return None
    (contracted, batch) = eqn.params["dimension_numbers"]
    if any(batch):
        return None
    if any(len(operand.aval.shape) != 1 + len(contracted[0]) for operand in eqn.invars):
        return None
    left, right = map(partial(_side, program=program), eqn.invars, contracted)
    return Sides(right, left) if turned else Sides(left, right)


def _side(operand: Any, contracted: tuple[int, ...], program: Program) -> Side:
    value = program.values[operand]
    (free,) = set(range(value.ndim)) - set(contracted)
    values = value.transpose(*contracted, free).reshape(-1, value.shape[free])
    name, eqn = program.maker(operand)
    if value.ndim == 2 and free == 0 and name == "transpose":
        operand, free = eqn.invars[0], 1
    return Side(values, rows_of(operand, program) if free == value.ndim - 1 else None)


def _convolution(eqn: Any, program: Program) -> Sides | None:
    """Of a kernel whose gradient is a convolution of the inputs by δ."""
    found = positions(eqn, *(program.values[operand] for operand in eqn.invars))
    if found is None:
        return None
    delta = eqn.invars[1]
    last = eqn.params["dimension_numbers"].rhs_spec[0] == len(delta.aval.shape) - 1
    return Sides(
        Side(found.seen, None), Side(found.deltas, rows_of(delta, program) if last else None)
    )


def rows_of(variable: Any, program: Program) -> Any:
    """The variable of which this one has the rows, arranged in another way."""
    name, eqn = program.maker(variable)
    if name == "reshape" and eqn.invars[0].aval.shape[-1:] == variable.aval.shape[-1:]:
        return rows_of(eqn.invars[0], program)
    return variable


class Looked(NamedTuple):
    """The gradient of a table of which rows were looked up: δ_t is added to row places_t.

    Attributes:
        places: shape (T,); outside the table nothing is added.
        deltas: δ, shape (T, d).
    """

    places: Array
    deltas: Array


def looked_up(variable: Any, program: Program) -> Looked | None:
    """Of a table's gradient, where it is made by adding rows to zeros; None where it is not."""
    name, eqn = program.maker(variable)
    if not name.startswith("scatter") or not name.endswith("add"):
        return None
    start, places, deltas = eqn.invars
    numbers = eqn.params["dimension_numbers"]
    rows = (
        len(variable.aval.shape) == 2
        and numbers.inserted_window_dims == numbers.scatter_dims_to_operand_dims == (0,)
        and numbers.update_window_dims == (len(deltas.aval.shape) - 1,)
        and deltas.aval.shape[-1] == variable.aval.shape[1]
    )
    if not rows or not program.zero(start):
        return None
    width = deltas.aval.shape[-1]
    return Looked(program.values[places].reshape(-1), program.values[deltas].reshape(-1, width))


def terms(variable: Any, program: Program) -> list[Any]:
    """The variables that this one is the sum of: one for each use of an array of parameters."""
    name, eqn = program.maker(variable)
    if name != "add_any":
        return [variable]
    return [term for part in eqn.invars for term in terms(part, program)]
