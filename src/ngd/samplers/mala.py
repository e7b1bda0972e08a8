"""The Metropolis-adjusted Langevin algorithm: eq. (3), each update put to a test."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, move
from ngd.task import Params, Slope, Task, check, slope


class Place(NamedTuple):
    """What a position tells of its density and of the proposals N(ω + ε d, (2εT/N) G⁻¹) from it.

    Attributes:
        slope: C/N and its gradient.
        drift: d; -G⁻¹ (1/N) dC/dω, or any other: the test makes up for it.
        root: L of G = LLᵀ; None where G is the identity.
    """

    slope: Slope
    drift: Float[Array, " P"]
    root: Float[Array, "P P"] | None = None


class State(NamedTuple):
    """The position ω, and what it tells: each is worked out once."""

    position: Params
    place: Place


class Proposal(NamedTuple):
    """What all proposals share, and the density that they are tested against.

    Attributes:
        learning_rate: ε.
        temperature: T.
        examples: N.
        prior_exponent: k of e^{-C/T}|G|^k.
    """

    learning_rate: Scalar
    temperature: Scalar
    examples: int
    prior_exponent: Scalar = 0.0

    @property
    def scale(self) -> Array:
        """(2εT/N)^{1/2}."""
        return jnp.sqrt(2 * self.learning_rate * self.temperature / self.examples)

    def displacement(self, place: Place, z: Float[Array, " P"]) -> Float[Array, " P"]:
        """ε d + (2εT/N)^{1/2} L⁻ᵀ z, for z of N(0, I)."""
        turned = z if place.root is None else solve_triangular(place.root, z, trans=1, lower=True)
        return self.learning_rate * place.drift + self.scale * turned

    def log_density(self, place: Place, displacement: Float[Array, " P"]) -> Float[Array, ""]:
        """Ln of the density with which a displacement is proposed, up to a constant."""
        apart = (displacement - self.learning_rate * place.drift) / self.scale
        z = apart if place.root is None else place.root.T @ apart
        return _log_determinant(place) / 2 - z @ z / 2

    def log_acceptance(
        self, here: Place, there: Place, displacement: Float[Array, " P"]
    ) -> Float[Array, ""]:
        """Ln of p(ω')q(ω|ω') / p(ω)q(ω'|ω), p being e^{-C/T}|G|^k; above 0 all are accepted."""
        cost = self.examples * (here.slope.mean_cost - there.slope.mean_cost)
        prior = self.prior_exponent * (_log_determinant(there) - _log_determinant(here))
        back = self.log_density(there, -displacement)
        return cost / self.temperature + prior + back - self.log_density(here, displacement)


def _log_determinant(place: Place) -> Float[Array, ""]:
    """ln|G|."""
    if place.root is None:
        return jnp.zeros((), place.drift.dtype)
    return 2 * jnp.log(jnp.diag(place.root)).sum()


def step(
    rng_key: PRNGKeyArray, state: State, at: Callable[[Params], Place], proposal: Proposal
) -> tuple[State, Info]:
    """A proposal, taken with probability min(1, p(ω')q(ω|ω') / p(ω)q(ω'|ω)), else none.

    Roberts & Tweedie (1996). A proposal whose density is no number is not taken.
    """
    key_noise, key_test = jax.random.split(rng_key)
    here = state.place
    z = jax.random.normal(key_noise, here.drift.shape, here.drift.dtype)
    displacement = proposal.displacement(here, z).astype(here.drift.dtype)
    position, info = move(state.position, displacement, here.slope)
    there = at(position)
    log_ratio = proposal.log_acceptance(here, there, displacement)
    log_ratio = jnp.where(jnp.isnan(log_ratio), -jnp.inf, log_ratio)
    taken = jnp.log(jax.random.uniform(key_test, dtype=log_ratio.dtype)) < log_ratio
    info = info._replace(
        length=jnp.where(taken, info.length, 0), acceptance=jnp.exp(jnp.minimum(log_ratio, 0))
    )
    return jax.tree.map(
        lambda new, old: jnp.where(taken, new, old), State(position, there), state
    ), info


def algorithm(
    at: Callable[[Params], Place], proposal: Proposal, settings: Settings
) -> SamplingAlgorithm:
    """The sampler of proposals; it starts where its density and its metric are finite."""

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> State:
        check(settings.task, position)
        place = at(position)
        leaves = jax.tree.leaves(place)
        known = not any(isinstance(leaf, Tracer) for leaf in leaves)
        if known and not all(bool(jnp.isfinite(leaf).all()) for leaf in leaves):
            raise ValueError(
                "position must have a finite cost and gradient, and a metric G + δI that is "
                f"positive definite; got damping {settings.damping!r}, C/N "
                f"{float(place.slope.mean_cost):.3g}"
            )
        return State(position, place)

    return SamplingAlgorithm(
        init, lambda rng_key, state: step(rng_key, state, at, proposal), settings
    )


def build(task: Task, *, learning_rate: Scalar, temperature: Scalar = 1.0) -> SamplingAlgorithm:
    """Samples e^{-C/T} exactly, at any ε.

    `langevin` whose updates are proposals. A large ε has them refused instead of heating the
    chain: `Info.acceptance`, of which 0.574 on average is best as P grows (Roberts & Rosenthal
    1998). C is summed over all examples: in single precision its rounding is some 1e-7 C, so
    that a C of millions of nats asks for double precision.

    Args:
        task: the cost and its N examples.
        learning_rate: ε > 0, in units of the mean cost.
        temperature: T > 0; the posterior is T = 1.

    Raises:
        ValueError: ε or T is not positive; see `ngd.Task` for what `init` refuses.
    """
    learning_rate = bounds.positive("learning_rate", learning_rate)
    temperature = bounds.positive("temperature", temperature)

    def at(position: Params) -> Place:
        seen = slope(task, position)
        return Place(seen, -seen.gradient)

    return algorithm(
        at,
        Proposal(learning_rate, temperature, task.examples),
        Settings(task, learning_rate, noise=temperature, metropolis=True),
    )
