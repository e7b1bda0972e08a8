"""Where Fig. 7's chains start: the end of an SGD run on all training images, section 6.4."""

import jax
import numpy as np
import optax

from artifact.engine.keys import key
from artifact.figures.fig7.settings_cnn import WarmStart
from artifact.problems import images as mnist_task
from artifact.problems.mnist import Images
from artifact.protocols import Progress
from ngd.models.cnn import CNN
from ngd.task import Params, Task, flatten, l2, mean_cost


def run(
    settings: WarmStart, root: int, progress: Progress, images: Images
) -> dict[str, np.ndarray]:
    """The end of one SGD run on the whole training set: `parameters`, a flat vector.

    Args:
        settings: channels, regularisation (λN), learning_rate, momentum, batch_size, epochs.
        root: the root seed.
        progress: told of the updates done.
        images: MNIST.

    Raises:
        FloatingPointError: the run diverged.
    """
    model = CNN(settings.channels)
    train = mnist_task.examples_of(images.x_train, images.y_train)
    examples, size = len(train.y), settings.batch_size
    task = Task(model.apply, train.x, train.y, l2(settings.regularisation / examples))
    params = model.init(key(root, "cnn", "start"), train.x[:1])
    optimiser = optax.sgd(settings.learning_rate, settings.momentum)
    batches = examples // size

    @jax.jit
    def epoch(
        params: Params, state: optax.OptState, order: jax.Array
    ) -> tuple[Params, optax.OptState]:
        def update(
            carry: tuple[Params, optax.OptState], indices: jax.Array
        ) -> tuple[tuple[Params, optax.OptState], None]:
            params, state = carry
            grad = jax.grad(lambda p: mean_cost(task, p, indices))(params)
            step, state = optimiser.update(grad, state, params)
            return (optax.apply_updates(params, step), state), None

        (params, state), _ = jax.lax.scan(
            update, (params, state), order[: batches * size].reshape(batches, size)
        )
        return params, state

    state = optimiser.init(params)
    with progress(settings.epochs * batches) as advance:
        for number in range(settings.epochs):
            order = jax.random.permutation(key(root, "cnn", "sgd", epoch=number), examples)
            params, state = jax.block_until_ready(epoch(params, state, order))
            advance(batches)
    result = np.asarray(flatten(params))
    if not np.isfinite(result).all():
        raise FloatingPointError("the SGD run diverged; lower warm_start.learning_rate")
    return {"parameters": result}
