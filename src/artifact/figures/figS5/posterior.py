"""Fig. S5: the posterior of Fig. 5's network at each T, by HMC and by Langevin dynamics."""

import jax.numpy as jnp
from blackjax.mcmc import hmc
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from artifact.engine.keys import key
from artifact.engine.thinning import thinned
from artifact.figures.fig5_6 import mlp
from artifact.figures.figS5.settings_posterior import PosteriorPoint
from artifact.problems.mnist import Images
from artifact.protocols import Experiment
from artifact.settings.sweeps import Point
from ngd.metrics.fisher import sampled_fisher
from ngd.models.mlp import MLP
from ngd.samplers import langevin, preconditioned_langevin
from ngd.samplers.algorithm import Info, SamplingAlgorithm
from ngd.task import Params, Task, mean_cost


def experiment(settings: PosteriorPoint, examples: int, root: int, images: Images) -> Experiment:
    """As `mlp.experiment`; projections and training sets are those of Fig. 5, seed by seed."""
    fig5 = mlp.experiment(settings, examples, root, images)

    def elsewhere(seed: int) -> Params:
        nothing = jnp.zeros((1, settings.projected_inputs))
        return MLP(settings.hidden).init(key(root, "figS5", "start", seed=seed), nothing)

    return fig5._replace(
        algorithm=lambda task, point: algorithm(settings, task, point),
        position=elsewhere if settings.again else fig5.position,
    )


def algorithm(settings: PosteriorPoint, task: Task, point: Point) -> SamplingAlgorithm:
    """The sampler of a point."""
    rate, temperature = point.learning_rate, point.temperature
    if settings.sampler == "hmc":
        return hamiltonian(task, rate, temperature, settings.steps)
    if settings.sampler == "langevin":
        every = langevin.build(task, learning_rate=rate, temperature=temperature)
    else:
        every = preconditioned_langevin.build(
            sampled_fisher(task, settings.fisher_examples),
            learning_rate=rate,
            damping=settings.damping,
            temperature=temperature,
        )
    return thinned(every, settings.steps)


def hamiltonian(
    task: Task, learning_rate: float, temperature: float, steps: int
) -> SamplingAlgorithm:
    """Hamiltonian Monte Carlo of e^{-C/T}, BlackJAX's, with a Metropolis test.

    A leapfrog step of length h moves ω by -(h²/2) dC/dω / T, as Langevin dynamics does with ε =
    h²N/(2T). So h = (2εT/N)^{1/2}, and one ε serves all temperatures.
    """
    length = (2 * learning_rate * temperature / task.examples) ** 0.5
    kernel = hmc.build_kernel()

    def log_density(position: Params) -> Float[Array, ""]:
        return -task.examples * mean_cost(task, position) / temperature

    def init(position: Params, rng_key: PRNGKeyArray | None = None) -> hmc.HMCState:
        return hmc.init(position, log_density)

    def step(rng_key: PRNGKeyArray, state: hmc.HMCState) -> tuple[hmc.HMCState, Info]:
        before, _ = ravel_pytree(state.position)
        state, told = kernel(rng_key, state, log_density, length, jnp.ones_like(before), steps)
        moved = jnp.linalg.norm(ravel_pytree(state.position)[0] - before)
        return state, Info(moved, acceptance=told.acceptance_rate)

    return SamplingAlgorithm(init, step)
