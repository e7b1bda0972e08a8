"""Stochastic gradient descent with a constant step, read as a sampler."""

from jax import random
from jaxtyping import PRNGKeyArray

from ngd import bounds, minibatch
from ngd.bounds import Scalar
from ngd.samplers.algorithm import Info, SamplingAlgorithm, Settings, State, algorithm, move
from ngd.task import Task, slope


def step(
    rng_key: PRNGKeyArray, state: State, task: Task, learning_rate: Scalar, batch_size: int
) -> tuple[State, Info]:
    """Δω = -ε((1/N) dC/dω + β), β the minibatch noise of eq. (12)."""
    key_batch, _ = random.split(rng_key)
    indices = minibatch.draw(key_batch, task.examples, batch_size)
    seen = slope(task, state.position, indices)
    position, info = move(state.position, -learning_rate * seen.gradient, seen)
    return State(position, ()), info


def build(task: Task, *, learning_rate: Scalar, batch_size: int) -> SamplingAlgorithm:
    """Samples no e^{-C/T}, unless the gradients' covariance is a multiple of the identity.

    T = (ε/2)(N/B - 1) is half the noise scale g = ε(N/B - 1) of Smith & Le (2018), "A Bayesian
    perspective on generalization and stochastic gradient descent": `stochastic_ngd` with the
    identity for its metric. Along an axis of curvature a, where the gradients' variance is s, the
    temperature is (ε/2)(N/B - 1)s/(1 - εa/2), up to N/(N - 1).

    Args:
        task: the cost and its N examples.
        learning_rate: ε > 0, in units of the mean cost.
        batch_size: B in 1..N, drawn without replacement.

    Raises:
        ValueError: ε is not positive or B is not in 1..N.
    """
    learning_rate = bounds.positive("learning_rate", learning_rate)
    batch_size = bounds.whole_batch_size("batch_size", batch_size, task.examples)
    return algorithm(
        lambda rng_key, state: step(rng_key, state, task, learning_rate, batch_size),
        Settings(task, learning_rate, batch_size=batch_size),
    )
