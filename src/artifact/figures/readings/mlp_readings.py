"""The text's readings against each other: Fig. 5's model and sampler with one thing changed."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from artifact.figures.fig5_6 import mlp
from artifact.figures.readings.settings_readings import MLPReadingPoint
from artifact.problems.mnist import Images
from artifact.protocols import Experiment
from ngd.metrics.average import moving_average
from ngd.metrics.factor import Factor, Written
from ngd.metrics.fisher import exact_fisher, sampled_fisher
from ngd.metrics.metric import Metric, memoryless
from ngd.models.mlp import MLP
from ngd.task import Params, Task, per_example_gradients


class BiasedMLP(nn.Module):
    """`ngd.models.MLP` with biases."""

    hidden: int
    labels: int = 10

    @nn.compact
    def __call__(self, x: Float[Array, "n d"]) -> Float[Array, "n K"]:
        """The logits."""
        return nn.Dense(self.labels)(nn.relu(nn.Dense(self.hidden)(x)))


def metric(settings: MLPReadingPoint, task: Task) -> Metric:
    """The Fisher by settings.fisher, averaged if settings.moving_average is not zero."""
    m = settings.fisher_examples
    if settings.fisher == "exact":
        fisher = exact_fisher(task)
    elif settings.fisher == "with_replacement":
        fisher = with_replacement(task, m)
    else:
        fisher = sampled_fisher(task, m)
    smoothing = settings.moving_average
    return moving_average(fisher, smoothing) if smoothing else fisher


def with_replacement(task: Task, batch_size: int) -> Metric:
    """`sampled_fisher` of examples drawn with replacement."""

    def factor(rng_key: PRNGKeyArray, position: Params) -> Factor:
        key_batch, key_label = jax.random.split(rng_key)
        x = task.x[jax.random.randint(key_batch, (batch_size,), 0, task.examples)]
        labels = jax.random.categorical(key_label, task.logits(position, x))
        rows = per_example_gradients(task, position, x, labels)
        return Written(rows).scale(jnp.full(batch_size, batch_size**-0.5))

    return memoryless(task, factor)


def experiment(settings: MLPReadingPoint, examples: int, root: int, images: Images) -> Experiment:
    """As `mlp.experiment`; projection, training sets and starts are those of Fig. 5."""
    model = (BiasedMLP if settings.bias else MLP)(settings.hidden)
    return mlp.on_projected_images(
        settings,
        examples,
        root,
        images,
        model,
        lambda task: metric(settings, task),
        settings.input_scale,
    )
