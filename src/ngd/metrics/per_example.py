"""Gradients of single examples, layers left as their inputs and outputs' gradients."""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ngd.metrics.factor import Factor, Written
from ngd.metrics.layouts import Kernel, Lookup, Outer, Positions, side_by_side
from ngd.metrics.program import (
    Looked,
    Program,
    Sides,
    gradient_program,
    looked_up,
    sides,
    terms,
)
from ngd.task import Params

LARGE = 4096
"""An array of so many numbers is named where its rows are written out for want of a layout."""


def per_example_factor(loss: Callable[..., Array], params: Params, *given: Any) -> Factor:
    """dL/dω of one example, a factor of one row.

    The gradient of a layer's kernel is Σ_t a_t δ_tᵀ over its positions, one or several: a its
    input, δ the loss's gradient by its output. The program that JAX derives for the gradient is
    read, and where it ends with such a product its two sides are kept in its place, if they are
    smaller. So the layers are found whatever library the model is written in. Of a table of which
    rows are looked up, as an embedding, those rows are kept. A kernel or a table that is used
    several times has the positions of all its uses. All else is written out, and a warning names
    each large array of which this is so.

    Args:
        loss: L of (ω, *given), a scalar, of one example.
        params: ω.
        given: arrays of the example, as its input and its label.
    """
    results, variables, program = gradient_program(loss, params, *given)
    names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(params)]
    parts = tuple(
        _part(name, result, variable, program)
        for name, result, variable in zip(names, results, variables, strict=True)
    )
    if all(isinstance(part, Written) for part in parts):
        return Written(jnp.concatenate([part.written() for part in parts], axis=1))
    return side_by_side(parts)


def _part(name: str, result: Array, variable: Any, program: Program) -> Factor:
    """The row of one array of parameters, its layout found in how its gradient was made."""
    uses = terms(variable, program)
    products = [found for use in uses if (found := sides(use, program)) is not None]
    lookups = [looked for use in uses if (looked := looked_up(use, program)) is not None]
    if len(products) == len(uses):
        part = _of_positions(products)
    elif len(lookups) == len(uses):
        part = _of_lookups(lookups, result.shape[0])
    else:
        part = None
        if result.ndim > 1 and result.size >= LARGE:
            warnings.warn(
                f"{name} is no layer that is found in its gradient: its {result.size} numbers "
                f"are written out for each example, {result.nbytes / 1e6:.2g} MB",
                stacklevel=2,
            )
    return _written(result, variable, program) if part is None else part


def _of_positions(products: list[Sides]) -> Factor | None:
    """None where the rows are cheaper written out."""
    a = _joined([found.rows.values for found in products])
    delta = _joined([found.columns.values for found in products])
    (positions, inputs), outputs = a.shape, delta.shape[1]
    if positions == 1:
        return Outer(a, delta)
    pays = Positions.pays(positions, inputs, outputs)
    return Positions(a[None], delta[None]) if pays else None


def _of_lookups(lookups: list[Looked], length: int) -> Factor | None:
    """None where the table is smaller than what is looked up."""
    places = _joined([found.places for found in lookups])
    deltas = _joined([found.deltas for found in lookups])
    pays = len(places) < length
    return Lookup(deltas[None], places[None], length) if pays else None


def _joined(uses: list[Array]) -> Array:
    return uses[0] if len(uses) == 1 else jnp.concatenate(uses)


def _written(result: Array, variable: Any, program: Program) -> Factor:
    variable, turned = program.matrix(variable)
    if turned:
        matrix = program.values[variable]
        return Kernel(matrix.reshape(1, -1), matrix.shape[0])
    return Written(result.reshape(1, -1))
