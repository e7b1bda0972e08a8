"""The text's readings against each other: Fig. 5's model and sampler with one thing changed."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import pandas as pd
from jaxtyping import Array, Float, PRNGKeyArray

from artifact.checkpoint import Checkpoints
from artifact.experiments import images as mnist_task
from artifact.experiments.chains import Examples, Experiment, run_points
from artifact.keys import key
from artifact.mnist import Images
from artifact.progress import Progress
from artifact.sweep import Point, Settings
from ngd.layers import layer_gradients
from ngd.metrics.average import moving_average
from ngd.metrics.factor import Factor, scale
from ngd.metrics.fisher import exact_fisher, sampled_fisher
from ngd.metrics.metric import Metric, memoryless
from ngd.models.mlp import MLP
from ngd.samplers import stochastic_ngd
from ngd.task import Params, Task, l2, per_example_gradients


class BiasedMLP(nn.Module):
    """`ngd.models.MLP` with biases."""

    hidden: int
    labels: int = 10

    @nn.compact
    def __call__(self, x: Float[Array, "n d"]) -> Float[Array, "n K"]:
        """The logits."""
        return nn.Dense(self.labels)(nn.relu(nn.Dense(self.hidden)(x)))


def metric(settings: Settings, model: nn.Module, task: Task) -> Metric:
    """The Fisher by settings["fisher"], averaged if settings["moving_average"] is not zero."""
    m = settings["fisher_examples"]
    gradients = None if settings["bias"] else layer_gradients(model)
    if settings["fisher"] == "exact":
        fisher = exact_fisher(task)
    elif settings["fisher"] == "with_replacement":
        fisher = with_replacement(task, m)
    else:
        fisher = sampled_fisher(task, m, gradients)
    smoothing = settings["moving_average"]
    return moving_average(fisher, smoothing) if smoothing else fisher


def with_replacement(task: Task, batch_size: int) -> Metric:
    """`sampled_fisher` of examples drawn with replacement."""

    def factor(rng_key: PRNGKeyArray, position: Params) -> Factor:
        key_batch, key_label = jax.random.split(rng_key)
        x = task.x[jax.random.randint(key_batch, (batch_size,), 0, task.examples)]
        labels = jax.random.categorical(key_label, task.logits(position, x))
        rows = per_example_gradients(task, position, x, labels)
        return scale(rows, jax.numpy.full(batch_size, batch_size**-0.5))

    return memoryless(factor)


def run(
    figure: str,
    settings: Settings,
    points: Sequence[Point],
    root: int,
    progress: Progress,
    checkpoints: Checkpoints,
    images: Images,
) -> dict[str, pd.DataFrame]:
    """See `chains.run_points`; projection, training sets and starts are those of Fig. 5."""
    features = settings["projected_inputs"]
    projection = settings["input_scale"] * jax.random.normal(
        key(root, "mnist", "projection", to=features), (28 * 28, features)
    )

    def project(examples: Examples) -> Examples:
        return Examples(examples.x.reshape(-1, 28 * 28) @ projection, examples.y)

    test = project(mnist_task.test_set(images))
    model = (BiasedMLP if settings["bias"] else MLP)(settings["hidden"])
    regulariser = l2(settings["regularisation"] / points[0].examples)
    experiment = Experiment(
        task=lambda train: Task(model.apply, train.x, train.y, regulariser),
        algorithm=lambda task, point: stochastic_ngd.build(
            task,
            metric(settings, model, task),
            point.learning_rate,
            settings["damping"],
            point.batch_size,
        ),
        train=lambda seed: project(mnist_task.training_set(images, root, points[0].examples, seed)),
        position=lambda seed: model.init(key(root, "mlp", "start", seed=seed), test.x[:1]),
        test=test,
        labels=10,
    )
    return run_points(experiment, figure, settings, points, root, progress, checkpoints)
