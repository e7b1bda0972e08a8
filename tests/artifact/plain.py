"""The paper's updates as plain loops: dense matrices in double precision, nothing of `ngd`.

Only the random numbers are drawn as the code draws them, from the keys that it documents:
update i of a chain from `fold_in(chain's key, i)`, split in two, as each loop says.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from artifact.engine.keys import key


class Given(NamedTuple):
    """What a chain is given: the point's N is the length of y."""

    x: np.ndarray
    y: np.ndarray
    rate: float
    damping: float


def chain_key(root, figure, point, seed, together=False):
    """The key of a chain, by names and coordinates."""
    at = {"N": point.examples, "learning_rate": point.learning_rate, "seed": seed}
    if not together:
        at["temperature"] = point.temperature
    return key(root, figure, "chain", **at)


def split(rng_key):
    return jax.random.split(rng_key)


def without_replacement(rng_key, examples, size):
    """Where the `size` largest of N random numbers of 30 bits are."""
    if size == examples:
        return np.arange(examples)
    bits = np.asarray(jax.random.bits(rng_key, (examples,), jnp.uint32)).astype(np.int64) >> 2
    return np.argsort(-bits, kind="stable")[:size]


def members(rng_key, examples, size):
    """Those whose place in a permutation is below `size`: the draw that temperatures share."""
    return np.flatnonzero(np.asarray(jax.random.permutation(rng_key, examples)) < size)


def normal(rng_key, count):
    return np.asarray(jax.random.normal(rng_key, (count,)), float)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# Logistic regression, y in {0, 1}.


def logistic_gradients(w, x, y):
    """dL/dω of each example, a row each."""
    return (sigmoid(x @ w) - y)[:, None] * x


def logistic_fisher(w, x):
    """Eq. (7): the mean of p(1 - p) x xᵀ."""
    p = sigmoid(x @ w)
    return (x * (p * (1 - p))[:, None]).T @ x / len(x)


def logistic_rows(w, x):
    """U of F = UᵀU."""
    p = sigmoid(x @ w)
    return np.sqrt(p * (1 - p) / len(x))[:, None] * x


def damped(matrix, damping):
    return matrix + damping * np.eye(len(matrix))


def langevin_noise(rng_key, rows, damping, temperature, rate, examples):
    """α, E[ααᵀ] = 2T(F + δI)/(εN): N normals for the rows of U, P for the damping."""
    key_damping, key_rows = split(rng_key)
    z, apart = normal(key_rows, len(rows)), normal(key_damping, rows.shape[1])
    scale = np.sqrt(2 * temperature / (rate * examples))
    return scale * (rows.T @ z + np.sqrt(damping) * apart)


def langevin(given, temperature, w, rng_key):
    """Eqs (4), (8): Δω = -ε(F + δI)⁻¹((1/N) dC/dω + α)."""
    _, key_noise = split(rng_key)
    rows, n = logistic_rows(w, given.x), len(given.y)
    alpha = langevin_noise(key_noise, rows, given.damping, temperature, given.rate, n)
    slope = logistic_gradients(w, given.x, given.y).mean(axis=0) + alpha
    return w - given.rate * np.linalg.solve(
        damped(logistic_fisher(w, given.x), given.damping), slope
    )


def stochastic_ngd(given, size, w, rng_key, draw=without_replacement):
    """Eqs (11), (16): Δω = -ε(F + δI)⁻¹ times the gradient of a minibatch."""
    key_batch, _ = split(rng_key)
    batch = draw(key_batch, len(given.y), size)
    slope = logistic_gradients(w, given.x[batch], given.y[batch]).mean(axis=0)
    return w - given.rate * np.linalg.solve(
        damped(logistic_fisher(w, given.x), given.damping), slope
    )


def chain(update, start, rng_key, burn_in, samples):
    """The samples, one an update past the burn-in."""
    w, kept = np.asarray(start, float), []
    for i in range(burn_in + samples):
        w = update(w, jax.random.fold_in(rng_key, i))
        if i >= burn_in:
            kept.append(w)
    return np.array(kept)


# Scores.


def softmax(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def scores(probabilities, y):
    """Eq. (6) and the single samples' means, from probabilities of shape (samples, n, K)."""
    p, y = np.asarray(probabilities), np.asarray(y)
    own, mean = p[:, np.arange(len(y)), y], p.mean(axis=0)
    return {
        "ensemble_cross_entropy": -np.log(own.mean(axis=0)).mean(),
        "ensemble_accuracy": (mean.argmax(axis=1) == y).mean(),
        "single_cross_entropy": -np.log(own).mean(),
        "single_accuracy": (p.argmax(axis=2) == y).mean(),
    }


def logistic_probabilities(weights, x):
    """Of labels 0 and 1, for each row of weights."""
    p = sigmoid(np.asarray(weights) @ x.T)
    return np.stack([1 - p, p], axis=2)


def assert_scores(row, expected, tolerance=2e-3):
    """A row of a sweep's table against scores by hand."""
    for name, value in expected.items():
        np.testing.assert_allclose(row[name], value, rtol=tolerance, err_msg=name)


# Any network, by JAX's gradients of an explicit formula.


class Network(NamedTuple):
    """Logits of (flat parameters, images), and the cost's λ."""

    logits: object
    decay: float

    def losses(self, w, x, y):
        log_p = jax.nn.log_softmax(self.logits(w, x))
        return -log_p[jnp.arange(len(y)), y]

    def gradients(self, w, x, y):
        """dL/dω of each example, a row each."""

        def one(w, x, y):
            return self.losses(w, x[None], y[None])[0]

        return np.asarray(jax.vmap(jax.grad(one), (None, 0, 0))(w, x, y), float)

    def slope(self, w, x, y):
        """Of the mean cost, the regulariser λ|ω|²/2 whole."""
        rows = self.gradients(jnp.asarray(w, jnp.float32), x, y)
        return rows.mean(axis=0) + self.decay * np.asarray(w)


def sampled_fisher(network, w, x, rng_key, size):
    """Section 6.3: one label from the model for each of `size` examples, all different."""
    key_batch, key_label = split(rng_key)
    chosen = x[without_replacement(key_batch, len(x), size)]
    w = jnp.asarray(w, jnp.float32)
    labels = [
        jax.random.categorical(one, network.logits(w, example[None]))[0]
        for one, example in zip(jax.random.split(key_label, size), chosen, strict=True)
    ]
    rows = network.gradients(w, chosen, jnp.stack(labels))
    return rows.T @ rows / size


def fisher_with_replacement(network, w, x, rng_key, size):
    """The same, but an example may come twice."""
    key_batch, key_label = split(rng_key)
    chosen = x[jax.random.randint(key_batch, (size,), 0, len(x))]
    w = jnp.asarray(w, jnp.float32)
    labels = jax.random.categorical(key_label, network.logits(w, chosen))
    rows = network.gradients(w, chosen, labels)
    return rows.T @ rows / size


def exact_fisher(network, w, x, rng_key, size):
    """Eq. (7): the mean of Jᵀ(diag(p) - ppᵀ)J, J of all labels' logits."""
    w = jnp.asarray(w, jnp.float32)
    jacobians = np.asarray(jax.jacrev(network.logits)(w, x), float)
    p = softmax(np.asarray(network.logits(w, x), float))
    of_logits = np.einsum("nk,kl->nkl", p, np.eye(p.shape[1])) - p[:, :, None] * p[:, None, :]
    return np.einsum("nkp,nkl,nlq->pq", jacobians, of_logits, jacobians) / len(x)


def network_chain(network, given, start, rng_key, updates, size, fisher, smoothing=0.0):
    """Eqs (11), (16) with an estimated Fisher, averaged over updates where α > 0: section 6.4.

    Args:
        network: the model and its λ.
        given: training set, ε and δ.
        start: flat parameters.
        rng_key: the chain's.
        updates: burn-in and samples.
        size: B.
        fisher: a function of (ω, key) that estimates the Fisher.
        smoothing: α of G_t = αG_{t-1} + (1 - α)Ĝ_t, from G_0 = Ĝ_0.
    """
    average = None

    def update(w, rng_key):
        nonlocal average
        key_batch, key_metric = split(rng_key)
        newest = fisher(w, key_metric)
        average = newest if average is None else smoothing * average + (1 - smoothing) * newest
        batch = without_replacement(key_batch, len(given.y), size)
        slope = network.slope(w, given.x[batch], given.y[batch])
        return w - given.rate * np.linalg.solve(damped(average, given.damping), slope)

    return chain(update, start, rng_key, *updates)


def network_probabilities(network, samples, x):
    """For each sample, of shape (samples, n, K)."""
    rows = [network.logits(jnp.asarray(w, jnp.float32), x) for w in samples]
    return softmax(np.asarray(rows, float))


def dense(w, sizes):
    """Kernels of layers without biases, in the order of the flat parameters."""
    kernels, start = [], 0
    for fan_in, fan_out in sizes:
        stop = start + fan_in * fan_out
        kernels.append(w[start:stop].reshape(fan_in, fan_out))
        start = stop
    return kernels


def mlp(features, hidden):
    """Section 6.3's: one layer of rectified units, no biases."""

    def logits(w, x):
        first, second = dense(w, [(features, hidden), (hidden, 10)])
        return jnp.maximum(x @ first, 0) @ second

    return logits


def cnn(channels):
    """Section 6.4's: three 3 x 3 convolutions of stride 2, rectified; then a dense layer."""

    def logits(w, x):
        start, inputs = 0, 1
        for _ in range(3):
            stop = start + 9 * inputs * channels
            kernel = w[start:stop].reshape(3, 3, inputs, channels)
            x = jax.lax.conv_general_dilated(
                x, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            x, start, inputs = jnp.maximum(x, 0), stop, channels
        return x.reshape(len(x), -1) @ w[start:].reshape(-1, 10)

    return logits


# Images.


def training_set(images, root, examples, seed):
    """N images without replacement, pixels in [0, 1], and their labels."""
    drawn = key(root, "mnist", "training set", N=examples, seed=seed)
    chosen = np.asarray(jax.random.permutation(drawn, len(images.y_train)))[:examples]
    x = (images.x_train[chosen] / 255).astype(np.float32)
    return x, images.y_train[chosen].astype(int)


def projected(x, root, features, seed, scale=1.0):
    """Pixels times a matrix of unit Gaussians, each seed's own."""
    drawn = key(root, "mnist", "projection", to=features, seed=seed)
    projection = np.asarray(jax.random.normal(drawn, (784, features)))
    return jnp.asarray(scale * (x.reshape(-1, 784) @ projection), jnp.float32)
