"""Fig. 7: stochastic NGD and a convolutional network, section 6.4."""

import jax
import jax.numpy as jnp
import numpy as np

from artifact.figures.fig7.settings_cnn import CNNPoint
from artifact.problems import images as mnist_task
from artifact.problems.mnist import Images
from artifact.protocols import Experiment
from ngd.metrics.average import moving_average, smoothing
from ngd.metrics.fisher import sampled_fisher
from ngd.models.cnn import CNN
from ngd.samplers import stochastic_ngd
from ngd.task import Task, l2


def experiment(
    settings: CNNPoint, examples: int, root: int, images: Images, warm_start: np.ndarray
) -> Experiment:
    """At N = `examples`, with the root seed `root`, MNIST, and the end of the SGD run."""
    model = CNN(settings.channels)
    test = mnist_task.test_set(images)
    leaves, structure = jax.tree.flatten(jax.eval_shape(model.init, jax.random.key(0), test.x[:1]))
    ends = np.cumsum([leaf.size for leaf in leaves])
    split = zip(leaves, np.split(warm_start, ends[:-1]), strict=True)
    start = jax.tree.unflatten(
        structure, [jnp.asarray(flat.reshape(leaf.shape)) for leaf, flat in split]
    )
    regulariser = l2(settings.regularisation / examples)
    return Experiment(
        task=lambda train: Task(model.apply, train.x, train.y, regulariser),
        algorithm=lambda task, point: stochastic_ngd.build(
            moving_average(
                sampled_fisher(task, settings.fisher_examples),
                smoothing(point.learning_rate, settings.smoothing_base, settings.smoothing_unit),
            ),
            learning_rate=point.learning_rate,
            damping=settings.damping,
            batch_size=point.batch_size,
        ),
        train=lambda seed: mnist_task.training_set(images, root, examples, seed),
        position=lambda seed: start,
        test=lambda seed: test,
        labels=10,
        probe=mnist_task.PROBE,
    )
