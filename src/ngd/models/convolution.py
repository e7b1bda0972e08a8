"""The 3 x 3 convolution of stride 2 of section 6.4, as products of large matrices."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class Convolution(nn.Module):
    """`nn.Conv(features, (3, 3), strides=2, padding="SAME", use_bias=False)`, square images.

    XLA's own convolutions lose their threads inside a loop. Here what each output sees is
    gathered once: it serves the product, its gradient and the gradients of each example.
    """

    features: int

    @nn.compact
    def __call__(self, x: Float[Array, "n h h c"]) -> Float[Array, "n k k o"]:
        """The outputs, of side k = ⌈h/2⌉."""
        shape = (3, 3, x.shape[-1], self.features)
        kernel: Array = self.param("kernel", nn.initializers.lecun_normal(), shape)
        out = -(-x.shape[1] // 2)
        return _product(x, kernel).reshape(-1, out, out, self.features)


@jax.custom_vjp
def _product(x: Float[Array, "n h h c"], kernel: Float[Array, "3 3 c o"]) -> Array:
    """What each output sees times the kernel, shape (n, p, o)."""
    return _forward(x, kernel)[0]


def _forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    seen = windows(x)
    return seen @ kernel.reshape(-1, kernel.shape[-1]), (seen, x, kernel)


def _backward(kept: tuple[Array, Array, Array], delta: Array) -> tuple[Array, Array]:
    """Of x by bands: adding overlapping windows up takes longer than their products."""
    seen, x, kernel = kept
    (of_x,) = jax.linear_transpose(lambda x: _banded(x, kernel), x)(delta)
    flat = (delta.reshape(-1, delta.shape[-1]).T @ seen.reshape(-1, seen.shape[-1])).T
    return of_x, flat.reshape(kernel.shape)


_product.defvjp(_forward, _backward)


def _banded(x: Float[Array, "n h h c"], kernel: Float[Array, "3 3 c o"]) -> Array:
    """The same product: bands of three rows of pixels times the kernel at every column's place."""
    n, side, _, channels = x.shape
    out, rows = -(-side // 2), _padded_rows(x)
    bands = jnp.concatenate(
        [rows[:, : 2 * out].reshape(n, out, -1), rows[:, 2::2].reshape(n, out, -1)], axis=-1
    )
    place = jnp.asarray(_columns(side), x.dtype)
    matrix = jnp.einsum("ijco,jxq->ixcqo", kernel, place)
    return (bands @ matrix.reshape(3 * side * channels, -1)).reshape(n, out * out, -1)


def windows(x: Float[Array, "n h h c"]) -> Float[Array, "n p nine_c"]:
    """What each of the p = k² outputs sees, in the order of the flat kernel."""
    n, side, _, channels = x.shape
    out = -(-side // 2)
    before, after = _padding(side)
    x = jnp.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
    x = x.reshape(n, out + 1, 2, out + 1, 2 * channels)
    # The barriers keep XLA's CPU compiler from collecting the windows anew for each entry of
    # the product that they go into, which takes three times as long.
    columns = [x[:, :, :, :out], x[:, :, :, 1:, :channels]]
    x = jax.lax.optimization_barrier(jnp.concatenate(columns, axis=-1))
    bands = [x[:, :out, 0], x[:, :out, 1], x[:, 1:, 0]]
    x = jax.lax.optimization_barrier(jnp.concatenate(bands, axis=-1))
    return x.reshape(n, out * out, 9 * channels)


def _padding(side: int) -> tuple[int, int]:
    """Zeros before and after, up to an even number of rows; the first as SAME has it."""
    out = -(-side // 2)
    before = max(2 * out + 1 - side, 0) // 2
    return before, 2 * (out + 1) - side - before


def _padded_rows(x: Float[Array, "n h h c"]) -> Float[Array, "n r hc"]:
    """Rows of pixels, 2k + 1 of them."""
    n, side, _, channels = x.shape
    before, after = _padding(side)
    return jnp.pad(x.reshape(n, side, side * channels), ((0, 0), (before, after - 1), (0, 0)))


def _columns(side: int) -> np.ndarray:
    """1 where output column q sees column x at the kernel's column j, shape (3, side, k)."""
    j, x, q = np.ogrid[:3, :side, : -(-side // 2)]
    return (x == 2 * q + j - _padding(side)[0]).astype(np.float32)
