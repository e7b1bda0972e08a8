"""Gradients of single examples, the layers of one position left as two vectors."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Literal
from jaxtyping import Array

from ngd.metrics.factor import Factor, Written
from ngd.metrics.layouts import Kernel, Outer, side_by_side
from ngd.task import Params

INLINED = ("jit", "pjit")
"""Calls whose body is read as if it stood where the call is."""


def per_example_factor(loss: Callable[..., Array], params: Params, *given: Any) -> Factor:
    """dL/dω of one example, a factor of one row.

    The gradient of a dense layer's kernel is aδᵀ: a its input, δ the loss's gradient by its
    output. The program that JAX derives for the gradient is read, and where it ends with such a
    product of two vectors these are kept in its place. So the layers are found whatever library
    the model is written in. A kernel used several times, or at several positions, is a sum of
    products, and is written out.

    Args:
        loss: L of (ω, *given), a scalar, of one example.
        params: ω.
        given: arrays of the example, as its input and its label.
    """
    results, variables, program = gradient_program(loss, params, *given)
    parts = tuple(
        _part(result, variable, program)
        for result, variable in zip(results, variables, strict=True)
    )
    if all(isinstance(part, Written) for part in parts):
        return Written(jnp.concatenate([part.written() for part in parts], axis=1))
    return side_by_side(parts)


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
            out, _ = _run(eqn.params["jaxpr"], inputs)
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


def _part(result: Array, variable: Any, program: Program) -> Factor:
    """The row of one array of parameters, its layout found in how its gradient was made."""
    variable, turned = program.matrix(variable)
    name, eqn = program.maker(variable)
    if name == "dot_general" and len(variable.aval.shape) == 2:
        left, right = (program.values[operand] for operand in eqn.invars)
        if left.size * right.size == result.size:
            a, delta = (right, left) if turned else (left, right)
            return Outer(a.reshape(1, -1), delta.reshape(1, -1))
    if turned:
        matrix = program.values[variable]
        return Kernel(matrix.reshape(1, -1), matrix.shape[0])
    return Written(result.reshape(1, -1))
