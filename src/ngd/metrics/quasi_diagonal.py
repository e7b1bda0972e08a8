"""The quasi-diagonal metric of Ollivier, and the diagonal of the Fisher information."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.metrics.kfac import averaged, sampled_moments
from ngd.metrics.layers import Layer, Place, assembled
from ngd.metrics.metric import Metric
from ngd.metrics.operator import DampedOperator, Operator
from ngd.metrics.solvers import Solution
from ngd.task import Params, Task


def quasi_diagonal(task: Task, batch_size: int, smoothing: float = 0.0) -> Metric:
    r"""For each unit the diagonal of its Fisher information, and what its bias shares with weights.

    Ollivier (2015); Marceau-Caron & Ollivier (2016), whose natural Langevin dynamics (2017) is
    `preconditioned_langevin` with it. With M the second moment of the gradient by a unit's bias (0)
    and weights (k), ℓ_k = M_0k/M_00 and d_k = M_kk - M_0k²/M_00, the metric is L diag(M_00, d) Lᵀ,
    L the identity but for its first column (1, ℓ): it has M's diagonal and its row 0. Damping is
    added to M_00 and M_kk before. A step by it does not change when an input of a layer is
    shifted or scaled. Of a layer without a bias, and of any array that is no layer's kernel, it is
    the diagonal: of a model without biases `diagonal_fisher`.

    Args:
        task: the model and its training set.
        batch_size: how many examples, drawn without replacement, with one label Y ~ f_ω(x_i) each.
        smoothing: α in [0, 1) of M's average over updates, as that of `kfac`.

    Raises:
        ValueError: `batch_size` is not in 1..N, or α is not in [0, 1).
    """
    return _metric("quasi_diagonal", task, batch_size, smoothing, True)


def diagonal_fisher(task: Task, batch_size: int, smoothing: float = 0.0) -> Metric:
    """The diagonal of the Fisher information, E u_k² of sampled labels: that of noisy Adam.

    Args:
        task: the model and its training set.
        batch_size: how many examples, drawn without replacement, with one label Y ~ f_ω(x_i) each.
        smoothing: α in [0, 1) of the average over updates, as that of `kfac`.

    Raises:
        ValueError: `batch_size` is not in 1..N, or α is not in [0, 1).
    """
    return _metric("diagonal_fisher", task, batch_size, smoothing, False)


def _metric(name: str, task: Task, batch_size: int, smoothing: float, biases: bool) -> Metric:
    batch_size = int(bounds.batch_size(f"{name} batch_size", batch_size, task.examples))
    smoothing = bounds.fraction("smoothing", smoothing)

    def moments(rng_key: PRNGKeyArray, position: Params) -> tuple[Unit, ...]:
        of = partial(_moments, biases=biases)
        return sampled_moments(task, batch_size, of, rng_key, position)

    return averaged(task, moments, QuasiDiagonal, smoothing)


@partial(jax.tree_util.register_dataclass, data_fields=["squares", "shared"], meta_fields=["place"])
@dataclass(frozen=True)
class Unit:
    """The kept moments of a layer's units.

    Attributes:
        squares: M_kk, shape (i, o), the bias's M_00 in the last row where there is one.
        shared: M_0k of the other rows; None where there is no bias, or it is left out.
        place: where the parameters are.
    """

    squares: Any
    shared: Any
    place: Place


def _moments(layer: Layer, biases: bool) -> Unit:
    """Sums over examples, which are along the layer's first axis."""
    if layer.deltas is None:
        return Unit(jnp.sum(layer.inputs**2, axis=0).T, None, layer.place)
    u = jnp.einsum("nti,nto->nio", layer.inputs, layer.deltas)
    shared = None
    if biases and layer.place.bias is not None:
        shared = jnp.einsum("nio,no->io", u[:, :-1], u[:, -1])
    return Unit(jnp.sum(u**2, axis=0), shared, layer.place)


@partial(jax.tree_util.register_dataclass, data_fields=["units"], meta_fields=[])
@dataclass(frozen=True)
class QuasiDiagonal(Operator):
    """Diagonal but for the biases.

    Attributes:
        units: of each layer, and of each array that is no layer's.
    """

    units: tuple[Unit, ...]

    def damped(self, damping: Scalar) -> "DampedQuasiDiagonal":
        """The metric of M + δI.

        Raises:
            ValueError: δ is negative.
        """
        return DampedQuasiDiagonal(self, bounds.non_negative("damping", damping))


@dataclass(frozen=True)
class DampedQuasiDiagonal(DampedOperator):
    """L diag(M_00, d) Lᵀ of M + δI, unit by unit.

    Attributes:
        metric: M.
        damping: δ >= 0.
    """

    metric: QuasiDiagonal
    damping: Scalar

    def solve(self, v: Float[Array, " P"]) -> Solution:
        """The inverse times v; iterations are none.

        Raises:
            ValueError: δ is zero, where rounding could make d_k negative.
        """
        bounds.positive("damping", self.damping)

        def one(unit: Unit, number: int) -> Array:
            (d, ell), g = self._of(unit), unit.place.take(v)
            if ell is None:
                return g / d
            weights = (g[:-1] - ell * g[-1]) / d[:-1]
            bias = g[-1] / d[-1] - jnp.sum(ell * weights, axis=0)
            return jnp.concatenate([weights, bias[None]])

        return Solution(self._each(one), 0)

    def noise(self, rng_key: PRNGKeyArray) -> Float[Array, " P"]:
        """A Gaussian vector whose covariance is the damped metric."""

        def draw(unit: Unit, number: int) -> Array:
            d, ell = self._of(unit)
            z = jax.random.normal(jax.random.fold_in(rng_key, number), d.shape, d.dtype)
            return _lower(jnp.sqrt(d) * z, ell)

        return self._each(draw)

    def log_determinant(self) -> Float[Array, ""]:
        """The sum of ln M_00 and ln d_k."""
        return sum((jnp.log(self._of(unit)[0]).sum() for unit in self.metric.units), jnp.zeros(()))

    def times(self, v: Float[Array, " P"]) -> Float[Array, " P"]:
        """The damped metric times v."""

        def one(unit: Unit, number: int) -> Array:
            (d, ell), w = self._of(unit), unit.place.take(v)
            if ell is not None:
                w = w.at[-1].add(jnp.sum(ell * w[:-1], axis=0))
            return _lower(d * w, ell)

        return self._each(one)

    def _of(self, unit: Unit) -> tuple[Float[Array, "i o"], Any]:
        """The diagonal d, M_00 in its last row, and ℓ."""
        d = unit.squares + self.damping
        if unit.shared is None:
            return d, None
        ell = unit.shared / d[-1]
        return d.at[:-1].add(-ell * unit.shared), ell

    def _each(self, use: Callable[[Unit, int], Array]) -> Float[Array, " P"]:
        units = enumerate(self.metric.units)
        return assembled((unit.place, use(unit, number)) for number, unit in units)


def _lower(w: Float[Array, "i o"], ell: Any) -> Float[Array, "i o"]:
    """Lw, of which the bias is the last row."""
    return w if ell is None else w.at[:-1].add(ell * w[-1])
