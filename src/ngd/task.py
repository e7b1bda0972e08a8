"""The cost function of section 4: the negative log likelihood plus a regulariser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from ngd import bounds, data
from ngd import likelihood as likelihoods
from ngd.data import Inputs
from ngd.likelihood import Likelihood

Params = Any
"""A pytree of arrays: the parameters ω of any model."""


class Functions(NamedTuple):
    """A task without its data, which `jit` can take for known: tasks of one shape share a program.

    Attributes:
        logits: see `Task`.
        regulariser: see `Task`.
        likelihood: see `Task`.
    """

    logits: Callable[[Params, Inputs], Any]
    regulariser: Callable[[Params], Float[Array, ""]]
    likelihood: Likelihood

    def on(self, x: Inputs, y: Any) -> "Task":
        """The task with these data."""
        return Task(self.logits, x, y, self.regulariser, self.likelihood)


@dataclass(frozen=True)
class OfPrior:
    """The regulariser that a prior is, in nats per example: -ln p(ω)/N.

    Attributes:
        prior: ln p(ω), up to a constant.
        examples: N.
    """

    prior: Callable[[Params], Any]
    examples: int

    def __call__(self, params: Params) -> Float[Array, ""]:
        """-ln p(ω)/N."""
        return -self.prior(params) / self.examples


class _Fields(NamedTuple):
    logits: Callable[[Params, Inputs], Any]
    x: Inputs
    y: Any
    regulariser: Callable[[Params], Float[Array, ""]]
    likelihood: Likelihood


class Task(_Fields):
    """A model and its training set, which together fix the cost C of section 4.

    Outside `jit` what is given is checked, and lists, NumPy and pandas are converted, once.
    `check` tries the model itself as soon as there are parameters: every sampler's `init` does.

    Attributes:
        logits: `logits(params, x)` with x of shape (n, ...) gives the outputs of shape (n, K)
            that the likelihood takes, by default unnormalised log probabilities of K >= 2 classes;
            each row is a function of its own example alone: no batch normalisation over the batch,
            no dropout.
        x: training inputs, shape (N, ...): an array, or a dict or tuple of arrays, of which
            `logits` is given the rows of n examples. `ngd.OnHost` keeps one off the device.
        y: training labels of the kind that the likelihood takes, N of them; by default classes
            0..K-1, shape (N,), truth values being taken as 0 and 1.
        regulariser: λR(ω)/N, a scalar function of the parameters in nats per example,
            added to the MEAN cost C/N. The paper's cost is a sum; ours is its mean.
        likelihood: p(y | outputs), one of `ngd.likelihood` or your own.
    """

    __slots__ = ()

    def __new__(
        cls,
        logits: Callable[[Params, Any], Any],
        x: Any,
        y: Any,
        regulariser: Callable[[Params], Any] | None = None,
        likelihood: Any = likelihoods.categorical,
        prior: Callable[[Params], Any] | None = None,
    ) -> "Task":
        """A task of what was given, checked and converted.

        Args:
            logits: see the class.
            x: see the class.
            y: see the class.
            regulariser: see the class; none, a flat prior, when None.
            likelihood: see the class.
            prior: in the regulariser's place: ln of the prior's density over the parameters, up to
                a constant, as `gaussian_prior`. The regulariser is then -prior/N.

        Raises:
            ValueError: a function, the inputs or the labels are not what they must be, or a prior
                and a regulariser are both given.
        """
        if prior is not None and regulariser is not None:
            raise ValueError("prior and regulariser say the same thing: give one of them")
        regulariser = flat if regulariser is None else regulariser
        functions = {"logits": logits, "regulariser": regulariser, "prior": prior or flat}
        for name, function in functions.items():
            if not callable(function):
                raise ValueError(f"{name} must be a function, got {function!r}")
        if not isinstance(likelihood, Likelihood):
            raise ValueError(f"likelihood must be one of ngd.likelihood, got {likelihood!r}")
        x, y = data.checked("x", x), likelihood.labels(y, "y")
        if data.length(x) != len(y):
            raise ValueError(f"x and y must have one length, got {data.length(x)} and {len(y)}")
        if prior is not None:
            regulariser = OfPrior(prior, len(y))
        return super().__new__(cls, logits, x, y, regulariser, likelihood)

    def _replace(self, **changes: Any) -> "Task":
        """A task with some of its fields changed, checked as any."""
        fields = {**self._asdict(), **changes}
        if isinstance(self.regulariser, OfPrior) and "regulariser" not in changes:
            # A prior's share of the mean cost depends on how many examples there are.
            fields.update(regulariser=None, prior=self.regulariser.prior)
        return type(self)(**fields)

    @property
    def functions(self) -> Functions:
        """All but the data."""
        return Functions(self.logits, self.regulariser, self.likelihood)

    @property
    def examples(self) -> int:
        """N, the training set's size."""
        return int(self.y.shape[0])


def check(task: Task, params: Params) -> None:
    """Try a model at its parameters; nothing is done under `jit`, where values are unknown.

    Raises:
        ValueError: parameters or logits are not in single or double precision, the logits have
            not shape (n, K) with K >= 2, a label is K or above, a row of the logits depends on
            another example, or the regulariser is no finite scalar.
    """
    leaves = jax.tree.leaves(params)
    if any(isinstance(leaf, Tracer) for leaf in (*data.leaves(task.x), task.y, *leaves)):
        return
    if not leaves:
        raise ValueError("position must hold parameters, got none")
    for leaf in leaves:
        kind = jnp.result_type(leaf)
        if kind not in (jnp.float32, jnp.float64):
            raise ValueError(
                f"parameters must be float32 or float64, got {kind}: for mixed precision cast "
                "them inside logits, and its result back"
            )
    with jax.ensure_compile_time_eval():
        _check_logits(task, params)
        extra = task.regulariser(params)
        if jnp.shape(extra) != ():
            raise ValueError(f"regulariser must give a scalar, got shape {jnp.shape(extra)}")
        if not isinstance(extra, Tracer) and not bool(jnp.isfinite(extra)):
            raise ValueError(f"regulariser must be finite at the position, got {extra}")


def _check_logits(task: Task, params: Params) -> None:
    # Two examples that differ, so that one does not stand for the other.
    pair = jnp.array([0, data.another(task.x)])
    # Away from the position, where a last layer may be zero and hide what depends on what.
    flat, unravel = ravel_pytree(params)
    step = 0.1 * (1 + jnp.abs(flat)) * jax.random.normal(jax.random.key(0), flat.shape, flat.dtype)
    for place in (params, unravel(flat + step)):
        both = task.logits(place, data.take(task.x, pair))
        if isinstance(both, Tracer):
            return
        if jnp.ndim(both) != 2 or len(both) != 2:
            raise ValueError(
                f"logits must have shape (n, K) for n examples, got {jnp.shape(both)} for 2"
            )
        if both.dtype not in (jnp.float32, jnp.float64):
            raise ValueError(
                f"logits must be float32 or float64, got {both.dtype}: end with "
                ".astype(jnp.float32)"
            )
        alone = jnp.concatenate([task.logits(place, data.take(task.x, i[None])) for i in pair])
        task.likelihood.check(both, task.y)
        off = jnp.abs(both - alone).max()
        # Far more than rounding, far less than what another batch's moments change.
        if off > 0.01 * jnp.abs(both).max():
            raise ValueError(
                f"logits of an example must not depend on the others: two together and alone "
                f"differ by {float(off):.2g} (batch normalisation? dropout?)"
            )


def flat(params: Params) -> Float[Array, ""]:
    """No regulariser: a prior that is the same for all parameters."""
    return jnp.zeros(())


def gaussian_prior(sd: float) -> Callable[[Params], Float[Array, ""]]:
    """Ln of a Gaussian density of mean 0 and standard deviation σ for each parameter, unnormalised.

    For `Task(..., prior=...)`: -|ω|²/(2σ²), which is `l2(1/(σ²N))` of a mean cost of N examples.

    Raises:
        ValueError: σ is not positive and finite.
    """
    sd = float(bounds.positive("sd", sd))

    def prior(params: Params) -> Float[Array, ""]:
        return -0.5 * jnp.sum((flatten(params) / sd) ** 2)

    return prior


def l2(coefficient: float) -> Callable[[Params], Float[Array, ""]]:
    """The regulariser λ|ω|²/2 of sections 6.3 and 6.4, λ = `coefficient` in the mean cost.

    Raises:
        ValueError: λ is negative or not finite: the cost would have no minimum.
    """
    coefficient = float(bounds.non_negative("coefficient", coefficient))

    def regulariser(params: Params) -> Float[Array, ""]:
        return 0.5 * coefficient * jnp.sum(flatten(params) ** 2)

    return regulariser


def flatten(params: Params) -> Float[Array, " P"]:
    """The parameters as one vector ω of length P, in the order of `ravel_pytree`."""
    return ravel_pytree(params)[0]


def _chosen(task: Task, indices: Int[Array, " B"] | None) -> tuple[Inputs, Any]:
    """The examples of a minibatch; all N when None."""
    if indices is None:
        return task.x, task.y
    return data.take(task.x, indices), task.y[indices]


def mean_cost(
    task: Task, params: Params, indices: Int[Array, " B"] | None = None
) -> Float[Array, ""]:
    """C(ω)/N of section 4, in nats per example.

    Args:
        task: the model and its training set.
        params: ω.
        indices: the examples of a minibatch; all N when None. The regulariser is always whole.
    """
    if indices is None and data.on_host(task.x):
        weights = jnp.full(task.examples, 1 / task.examples)
        return weighted_losses(task, params, weights) + task.regulariser(params)
    x, y = _chosen(task, indices)
    return jnp.mean(task.likelihood.losses(task.logits(params, x), y)) + task.regulariser(params)


def weighted_losses(
    task: Task,
    params: Params,
    weights: Float[Array, " m"],
    indices: Int[Array, " m"] | None = None,
) -> Float[Array, ""]:
    """Σ w_i L_i of the chosen examples, or of all N; read in pieces where they are on the host."""

    def of_sum(chosen: tuple[Any, Float[Array, " m"]]) -> Float[Array, ""]:
        x, y = _chosen(task, chosen[0])
        return chosen[1] @ task.likelihood.losses(task.logits(params, x), y)

    if indices is not None or not data.on_host(task.x):
        return of_sum((indices, weights))
    # Made anew for a derivative: kept, the pieces would be the whole set on the device.
    chosen = (jnp.arange(task.examples), weights)
    return data.in_pieces(jax.checkpoint(of_sum), chosen, data.piece(task.x).size)


def log_density(task: Task, params: Params) -> Float[Array, ""]:
    """-C(ω), the log density at T = 1 of what is sampled, up to a constant: for NUTS and others."""
    return -task.examples * mean_cost(task, params)


class Slope(NamedTuple):
    """A mean cost and its gradient, which costs no more than the gradient alone.

    Attributes:
        mean_cost: C/N in nats per example, or its minibatch estimate.
        gradient: (1/N) dC/dω, or its minibatch estimate (1/N) dC/dω + β, eqs (11), (12).
    """

    mean_cost: Float[Array, ""]
    gradient: Float[Array, " P"]


def slope(task: Task, params: Params, indices: Int[Array, " B"] | None = None) -> Slope:
    """The mean cost and its gradient, of a minibatch where there are `indices`."""
    size = task.examples if indices is None else len(indices)
    at_once, large = data.piece(task.x)
    if size < large:
        value, found = jax.value_and_grad(lambda p: mean_cost(task, p, indices))(params)
        return Slope(value, flatten(found))
    indices = jnp.arange(size) if indices is None else indices

    def of_sum(chosen: Int[Array, " b"]) -> tuple[Array, Params]:
        x, y = _chosen(task, chosen)
        return jax.value_and_grad(lambda p: jnp.sum(task.likelihood.losses(task.logits(p, x), y)))(
            params
        )

    total, sums = data.in_pieces(of_sum, indices, at_once)
    extra, tilt = jax.value_and_grad(task.regulariser)(params)
    return Slope(total / size + extra, flatten(sums) / size + flatten(tilt))


def gradient(
    task: Task, params: Params, indices: Int[Array, " B"] | None = None
) -> Float[Array, " P"]:
    """(1/N) dC/dω, or with `indices` its minibatch estimate (1/N) dC/dω + β, eqs (11), (12)."""
    return slope(task, params, indices).gradient


def weighted_slope(
    task: Task,
    params: Params,
    weights: Float[Array, " m"],
    indices: Int[Array, " m"] | None = None,
) -> Slope:
    """`slope` of a minibatch given by a weight an example, 1/B or 0: see `ngd.minibatch`.

    Args:
        task: the model and its training set.
        params: ω.
        weights: of all N examples, or of those that are chosen.
        indices: the chosen examples; all N when None.
    """

    def cost(p: Params) -> Float[Array, ""]:
        return weighted_losses(task, p, weights, indices) + task.regulariser(p)

    value, found = jax.value_and_grad(cost)(params)
    return Slope(value, flatten(found))


def per_example_gradients(task: Task, params: Params, x: Inputs, y: Any) -> Float[Array, "m P"]:
    """dL(ω, x_i, y_i)/dω of each example, a row each, without the regulariser."""

    def loss(p: Params, x_i: Inputs, y_i: Array) -> Float[Array, ""]:
        return task.likelihood.losses(task.logits(p, data.batch_of_one(x_i)), y_i[None])[0]

    rows = jax.vmap(jax.grad(loss), (None, 0, 0))(params, x, y)
    leaves = [leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(rows)]
    return jnp.concatenate(leaves, axis=1)
