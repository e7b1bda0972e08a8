"""What a model's outputs say of a label: p(y | outputs), and its Fisher information."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds


class Likelihood(NamedTuple):
    """How labels are distributed, given the outputs f of a model: one of this module, or your own.

    Attributes:
        name: for messages.
        labels: `labels(y, name)` gives the labels as an array of JAX, of one row an example, or
            raises ValueError naming what they must be.
        losses: `losses(outputs, y)` gives -ln p(y_i | f_i) in nats for outputs of shape (n, K),
            shape (n,).
        draw: `draw(key, outputs)` gives labels that the model itself finds likely, as `y`.
        root: `root(f)` of one example's outputs, shape (K,), is a matrix R of shape (r, K) for
            which RᵀR is the Fisher information E[∇ln p (∇ln p)ᵀ] by the outputs.
        check: `check(outputs, y)` raises ValueError where K, or y, is not what it must be.
    """

    name: str
    labels: Callable[[Any, str], Array]
    losses: Callable[[Float[Array, "n K"], Any], Float[Array, " n"]]
    draw: Callable[[PRNGKeyArray, Float[Array, "n K"]], Any]
    root: Callable[[Float[Array, " K"]], Float[Array, "r K"]]
    check: Callable[[Any, Any], None]


def array(name: str, value: Any) -> Array:
    """An array of JAX; one that is known is made outside of any `jit`."""
    if isinstance(value, jax.Array):
        return value
    if isinstance(value, dict):
        raise ValueError(f"{name} must be an array of shape (N, ...), got a dict")
    try:
        held = np.asarray(value)
    except ValueError:
        held = np.empty(0, object)
    if held.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, got {type(value).__name__} of {held.dtype}")
    with jax.ensure_compile_time_eval():
        return jnp.asarray(held)


def class_labels(y: Any, name: str = "y") -> Array:
    """Class labels 0, 1, ... as an array; truth values become 0 and 1.

    -1 and +1 are refused, not mapped: the same labels score the predictions, where they would
    be wrong in silence.

    Raises:
        ValueError: they are no vector of integers >= 0.
    """
    y = array(name, y)
    if y.ndim == 2:
        raise ValueError(
            f"{name} must be one label an example, got shape {y.shape}: of one-hot labels give "
            f"{name}.argmax(axis=1)"
        )
    if y.ndim != 1 or len(y) == 0:
        raise ValueError(f"{name} must have shape (N,) with N >= 1, got {y.shape}")
    if y.dtype == bool:
        return y.astype(jnp.int32)
    if not jnp.issubdtype(y.dtype, jnp.integer):
        raise ValueError(
            f"{name} must be integers 0..K-1, got {y.dtype}: of class labels give "
            f"{name}.astype(int)"
        )
    if not isinstance(y, Tracer):
        least = np.asarray(y).min()
        if least < 0:
            cure = f": of -1 and +1 give ({name} + 1) // 2" if least == -1 else ""
            raise ValueError(f"{name} must be labels 0..K-1, got {least}{cure}")
    return y


def _classes(outputs: Any, y: Any) -> None:
    if outputs.shape[1] < 2:
        raise ValueError(
            "logits must have shape (n, K) with K >= 2 for n examples, got "
            f"{outputs.shape} for {len(outputs)} (of one logit z take the likelihood bernoulli)"
        )
    if int(y.max()) >= outputs.shape[1]:
        raise ValueError(
            f"y must be labels 0..{outputs.shape[1] - 1} for {outputs.shape[1]} logits, got "
            f"{int(y.max())}"
        )


def _softmax_root(logits: Float[Array, " K"]) -> Float[Array, "K K"]:
    root = jnp.exp(jax.nn.log_softmax(logits) / 2)
    return jnp.diag(root) - root[:, None] * root**2


categorical = Likelihood(
    "categorical",
    class_labels,
    lambda logits, y: -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)[:, 0],
    jax.random.categorical,
    _softmax_root,
    _classes,
)
"""One of K classes by their logits, section 4: p = softmax(f). The default of a `Task`."""


def _width(name: str, width: int, meaning: str) -> Callable[[Any, Any], None]:
    def check(outputs: Any, y: Any) -> None:
        if outputs.shape[1] != width:
            raise ValueError(
                f"{name}: the model's outputs must have shape (n, {width}), {meaning}; got "
                f"{outputs.shape}"
            )

    return check


def _binary_labels(y: Any, name: str) -> Array:
    y = class_labels(y, name)
    if not isinstance(y, Tracer) and int(y.max()) > 1:
        raise ValueError(f"{name} must be labels 0 and 1, got {int(y.max())}")
    return y


bernoulli = Likelihood(
    "bernoulli",
    _binary_labels,
    lambda outputs, y: jax.nn.softplus(outputs[:, 0]) - y * outputs[:, 0],
    lambda key, outputs: jax.random.bernoulli(key, jax.nn.sigmoid(outputs[:, 0])).astype(int),
    lambda f: jnp.exp((jax.nn.log_sigmoid(f) + jax.nn.log_sigmoid(-f)) / 2)[None],
    _width("bernoulli", 1, "the log odds of label 1"),
)
"""Labels 0 and 1 by one logit: P(1) = 1/(1 + e^{-f})."""


def _counts(y: Any, name: str) -> Array:
    y = array(name, y)
    if y.ndim != 1 or len(y) == 0 or not jnp.issubdtype(y.dtype, jnp.integer):
        raise ValueError(f"{name} must be counts, integers of shape (N,), got {y.dtype}{y.shape}")
    if not isinstance(y, Tracer) and int(y.min()) < 0:
        raise ValueError(f"{name} must be counts >= 0, got {int(y.min())}")
    return y


def _poisson_losses(outputs: Float[Array, "n 1"], y: Array) -> Float[Array, " n"]:
    f = outputs[:, 0]
    return jnp.exp(f) - y * f + jax.lax.lgamma(y.astype(f.dtype) + 1)


poisson = Likelihood(
    "poisson",
    _counts,
    _poisson_losses,
    lambda key, outputs: jax.random.poisson(key, jnp.exp(outputs[:, 0])),
    lambda f: jnp.exp(f / 2)[None],
    _width("poisson", 1, "the logarithm of the rate"),
)
"""Counts 0, 1, 2, ... by the logarithm of their rate."""


def _numbers(y: Any, name: str) -> Array:
    y = array(name, y)
    if y.ndim not in (1, 2) or len(y) == 0 or y.dtype == bool:
        raise ValueError(f"{name} must be numbers of shape (N,) or (N, K), got {y.dtype}{y.shape}")
    if not isinstance(y, Tracer) and not bool(np.isfinite(np.asarray(y)).all()):
        raise ValueError(f"{name} must be finite, got NaN or infinity in it")
    return y if jnp.issubdtype(y.dtype, jnp.floating) else y.astype(float)


def gaussian(sd: float) -> Likelihood:
    """Numbers with Gaussian noise of a known standard deviation; f is their mean.

    Args:
        sd: σ > 0, in the units of y.

    Returns:
        For y of shape (N,) and outputs of shape (n, 1), or y of shape (N, K) and outputs (n, K),
        whose noises are independent.

    Raises:
        ValueError: σ is not positive and finite.
    """
    sd = float(bounds.positive("sd", sd))

    def losses(outputs: Float[Array, "n K"], y: Array) -> Float[Array, " n"]:
        apart = (outputs - y.reshape(outputs.shape)) / sd
        constant = math.log(sd) + 0.5 * math.log(2 * math.pi)
        return jnp.sum(0.5 * apart**2 + constant, axis=1)

    def draw(key: PRNGKeyArray, outputs: Float[Array, "n K"]) -> Array:
        return outputs + sd * jax.random.normal(key, outputs.shape, outputs.dtype)

    def check(outputs: Any, y: Any) -> None:
        width = 1 if y.ndim == 1 else y.shape[1]
        _width("gaussian", width, "the mean of each number of y")(outputs, y)

    return Likelihood(
        "gaussian", _numbers, losses, draw, lambda f: jnp.eye(len(f), dtype=f.dtype) / sd, check
    )


def _vector(y: Any, name: str) -> Array:
    y = _numbers(y, name)
    if y.ndim != 1:
        raise ValueError(f"{name} must have shape (N,), got {y.shape}")
    return y


def _scale_losses(outputs: Float[Array, "n 2"], y: Array) -> Float[Array, " n"]:
    mean, log_sd = outputs[:, 0], outputs[:, 1]
    return 0.5 * ((y - mean) * jnp.exp(-log_sd)) ** 2 + log_sd + 0.5 * math.log(2 * math.pi)


def _scale_draw(key: PRNGKeyArray, outputs: Float[Array, "n 2"]) -> Array:
    noise = jax.random.normal(key, outputs.shape[:1], outputs.dtype)
    return outputs[:, 0] + jnp.exp(outputs[:, 1]) * noise


gaussian_with_scale = Likelihood(
    "gaussian_with_scale",
    _vector,
    _scale_losses,
    _scale_draw,
    # E over y: 1/σ² for the mean, 2 for ln σ, and nothing between them.
    lambda f: jnp.diag(jnp.stack([jnp.exp(-f[1]), jnp.full((), math.sqrt(2), f.dtype)])),
    _width("gaussian_with_scale", 2, "the mean and ln σ"),
)
"""Numbers with Gaussian noise of a scale that is learnt too: f is their mean and ln σ.

A scale that all examples share is a parameter that the model gives back for each of them.
"""
