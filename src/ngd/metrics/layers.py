"""A model's layers, found in the program of its gradient: inputs and outputs' gradients apart."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal
from jaxtyping import Array

from ngd.metrics.program import Program, Sides, gradient_program, rows_of, sides
from ngd.task import Params


class Place(NamedTuple):
    """Where a layer's parameters are among the flat ones.

    Attributes:
        start: of its kernel, or of the array that is no layer's kernel.
        shape: (i, o) of the kernel; (p, 1) of an array of p numbers that is no layer's kernel.
        bias: where its bias starts; None where there is none, or it is an array of its own.
        turned: whether the kernel is kept as o x i.
    """

    start: int
    shape: tuple[int, int]
    bias: int | None = None
    turned: bool = False

    def take(self, v: Array) -> Array:
        """The layer's part of a flat vector as a matrix, the bias below the kernel's rows."""
        i, o = self.shape
        flat = v[self.start : self.start + i * o]
        kernel = flat.reshape(o, i).T if self.turned else flat.reshape(i, o)
        if self.bias is None:
            return kernel
        return jnp.concatenate([kernel, v[None, self.bias : self.bias + o]])

    def put(self, matrix: Array) -> Iterator[tuple[int, Array]]:
        """What `take` takes, as pieces of a flat vector and where each starts."""
        i, _ = self.shape
        kernel = matrix[:i]
        yield self.start, (kernel.T if self.turned else kernel).ravel()
        if self.bias is not None:
            yield self.bias, matrix[i]


def assembled(parts: Iterable[tuple[Place, Array]]) -> Array:
    """The flat vector that the matrices at all places make up."""
    pieces = [piece for place, matrix in parts for piece in place.put(matrix)]
    return jnp.concatenate([piece for _, piece in sorted(pieces, key=lambda piece: piece[0])])


@partial(jax.tree_util.register_dataclass, data_fields=["inputs", "deltas"], meta_fields=["place"])
@dataclass(frozen=True)
class Layer:
    """The gradient of one example by a layer's parameters, Σ_t a_t δ_tᵀ over its T positions.

    Attributes:
        inputs: a, shape (T, i), with a 1 at the end of each where there is a bias; the array's
            gradient, shape (1, p), where it is no layer's kernel.
        deltas: δ, the loss's gradient by the layer's outputs, shape (T, o); None where the array
            is no layer's kernel.
        place: where its parameters are.
    """

    inputs: Any
    deltas: Any
    place: Place


def per_example_layers(
    loss: Callable[..., Array], params: Params, *given: Any
) -> tuple[Layer, ...]:
    """dL/dω of one example by layers, as `per_example_factor` finds them.

    A kernel's gradient is a product of two matrices, of the layer's inputs and of the loss's
    gradient by its outputs, a row for each position; or a convolution of the two, as that of
    `nn.Conv`. A bias belongs to the layer the sum of whose outputs' gradients its own gradient is.
    An array of which this is not found, as a normalisation's scale, an embedding, a kernel used
    twice, or one of a convolution in groups, is no layer's.

    Args:
        loss: L of (ω, *given), a scalar, of one example.
        params: ω.
        given: arrays of the example, as its input and its label.
    """
    results, variables, program = gradient_program(loss, params, *given)
    starts = np.cumsum([0, *(result.size for result in results)]).tolist()
    kernels = {
        number: found
        for number, variable in enumerate(variables)
        if (found := sides(variable, program)) is not None
    }
    # Of several layers with the same outputs the first has the bias.
    wanted = {side.source: number for number in reversed(kernels) for side in kernels[number]}
    biases: dict[int, tuple[int, Any]] = {}
    for number, variable in enumerate(variables):
        sums = [] if number in kernels else _summed(variable, program)
        source = next((s for s in sums if wanted.get(s, number) not in (number, *biases)), None)
        if source is not None:
            biases[wanted[source]] = number, source
    taken = {number for number, _ in biases.values()}
    layers = []
    for number, result in enumerate(results):
        if number in kernels:
            layers.append(_layer(kernels[number], starts, number, biases.get(number)))
        elif number not in taken:
            place = Place(starts[number], (result.size, 1))
            layers.append(Layer(result.reshape(1, -1), None, place))
    return tuple(layers)


def _layer(kernel: Sides, starts: list[int], number: int, bias: tuple[int, Any] | None) -> Layer:
    inputs, outputs = kernel
    turned = bias is not None and bias[1] is inputs.source
    if turned:
        inputs, outputs = outputs, inputs
    shape = (inputs.values.shape[1], outputs.values.shape[1])
    if bias is None:
        return Layer(inputs.values, outputs.values, Place(starts[number], shape))
    a = jnp.concatenate([inputs.values, jnp.ones_like(inputs.values[:, :1])], axis=1)
    return Layer(a, outputs.values, Place(starts[number], shape, starts[bias[0]], turned))


def _summed(variable: Any, program: Program) -> Iterator[Any]:
    """The variables whose rows a vector is the sum of."""
    while not isinstance(variable, Literal):
        variable = rows_of(variable, program)
        yield variable
        name, eqn = program.maker(variable)
        if name != "reduce_sum" or len(eqn.invars[0].aval.shape) - 1 in eqn.params["axes"]:
            return
        variable = eqn.invars[0]
