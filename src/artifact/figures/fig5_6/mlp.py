"""Figs 5 and 6: stochastic NGD and a multilayer perceptron, section 6.3."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from artifact.engine.keys import key
from artifact.figures.fig5_6.settings_mlp import MLPPoint
from artifact.problems import images as mnist_task
from artifact.problems.mnist import Images
from artifact.protocols import Examples, Experiment
from ngd.metrics.fisher import sampled_fisher
from ngd.metrics.metric import Metric
from ngd.models.mlp import MLP
from ngd.samplers import stochastic_ngd
from ngd.task import Task, l2


def experiment(settings: MLPPoint, examples: int, root: int, images: Images) -> Experiment:
    """At N = `examples`, with the root seed `root` and MNIST."""
    model = MLP(settings.hidden)
    return on_projected_images(
        settings,
        examples,
        root,
        images,
        model,
        lambda task: sampled_fisher(task, settings.fisher_examples),
    )


def on_projected_images(
    settings: MLPPoint,
    examples: int,
    root: int,
    images: Images,
    model: nn.Module,
    metric: Callable[[Task], Metric],
    input_scale: float = 1.0,
) -> Experiment:
    """A model of the images' random projection, times `input_scale`, and a metric of its task.

    A seed draws its projection too: the levels of scores differ more between projections than
    between training sets.
    """
    features = settings.projected_inputs

    def project(examples: Examples, seed: int) -> Examples:
        drawn = key(root, "mnist", "projection", to=features, seed=seed)
        projection = input_scale * jax.random.normal(drawn, (28 * 28, features))
        return Examples(examples.x.reshape(-1, 28 * 28) @ projection, examples.y)

    test = mnist_task.test_set(images)
    nothing = jnp.zeros((1, features))
    regulariser = l2(settings.regularisation / examples)
    return Experiment(
        task=lambda train: Task(model.apply, train.x, train.y, regulariser),
        algorithm=lambda task, point: stochastic_ngd.build(
            metric(task),
            learning_rate=point.learning_rate,
            damping=settings.damping,
            batch_size=point.batch_size,
        ),
        train=lambda seed: project(mnist_task.training_set(images, root, examples, seed), seed),
        position=lambda seed: model.init(key(root, "mlp", "start", seed=seed), nothing),
        test=lambda seed: project(test, seed),
        labels=10,
        probe=mnist_task.PROBE,
    )
