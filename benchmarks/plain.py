"""Dense references, as a user would write them, with the models' own Flax or PyTorch layers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree


class Settings(NamedTuple):
    """ε, δ, B, how many examples are in the Fisher (None: exact), α (None: no average)."""

    learning_rate: float
    damping: float
    batch_size: int
    fisher_examples: int | None
    smoothing: float | None


class Net(nn.Module):
    """Section 6.4's CNN with Flax's convolutions."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        """The logits."""
        for _ in range(3):
            x = nn.relu(nn.Conv(10, (3, 3), strides=2, padding="SAME", use_bias=False)(x))
        return nn.Dense(10, use_bias=False)(x.reshape(x.shape[0], -1))


def cross_entropy(logits: Any, y: Any) -> Any:
    """Of each example, in nats."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)[:, 0]


def of_labels(
    apply: Callable[[Any, Any], Any],
    x: Any,
    y: Any,
    regularisation: float,
    labels: int,
    batch_size: int = 64,
    learning_rate: float = 0.05,
    damping: float = 0.1,
) -> Callable[[Any, Any], Any]:
    """A step of NGD from a matrix U of all labels' gradients, and the labels' own system.

    (UᵀU + δI)⁻¹g = (g - Uᵀ(UUᵀ + δI)⁻¹Ug)/δ: for more parameters than labels.
    """
    examples = len(y)

    def step(key: Any, w: Any) -> Any:
        flat, unravel = ravel_pytree(w)
        key_batch, key_fisher, key_label = jax.random.split(key, 3)

        def loss(w: Any, x: Any, y: Any) -> Any:
            return cross_entropy(apply(unravel(w), x[None]), y[None])[0]

        def cost(w: Any) -> Any:
            chosen = jax.random.permutation(key_batch, examples)[:batch_size]
            mean = jnp.mean(cross_entropy(apply(unravel(w), x[chosen]), y[chosen]))
            return mean + 0.5 * regularisation * w @ w

        inputs = x[jax.random.permutation(key_fisher, examples)[:labels]]
        drawn = jax.random.categorical(key_label, apply(w, inputs))
        rows = jax.vmap(jax.grad(loss), (None, 0, 0))(flat, inputs, drawn) / labels**0.5
        slope = jax.grad(cost)(flat)
        damped = rows @ rows.T + damping * jnp.eye(labels)
        within = rows.T @ jax.scipy.linalg.solve(damped, rows @ slope, assume_a="pos")
        return unravel(flat - learning_rate * (slope - within) / damping)

    return step


def jax_steps(case: Any) -> Callable[[int], None]:
    """A compiled step, called as often as asked."""
    rate, damping, batch, fisher, alpha = case.settings
    task = case.task(case.x, case.y)
    images = case.x.ndim == 4
    apply: Callable[..., Any] = Net().apply if images else task.logits
    start = case.start
    if images:
        kernels = case.start["params"]
        names = {f"Conv_{i}": kernels[f"Convolution_{i}"] for i in range(3)}
        start = {"params": {**names, "Dense_0": kernels["Dense_0"]}}
    flat, unravel = ravel_pytree(start)
    examples = len(case.y)

    def cost(w: Any, x: Any, y: Any) -> Any:
        return jnp.mean(cross_entropy(apply(unravel(w), x), y)) + task.regulariser(w)

    def loss(w: Any, x: Any, y: Any) -> Any:
        return cross_entropy(apply(unravel(w), x[None]), y[None])[0]

    def step(key: Any, w: Any, average: Any, first: Any, x: Any, y: Any) -> tuple[Any, Any]:
        key_batch, key_fisher, key_label = jax.random.split(key, 3)
        chosen = jax.random.permutation(key_batch, examples)[:batch]
        gradient = jax.grad(cost)(w, x[chosen], y[chosen])
        if fisher is None:
            p = jax.nn.sigmoid(x @ w)
            matrix = (x * (p * (1 - p))[:, None]).T @ x / examples
        else:
            inputs = x[jax.random.permutation(key_fisher, examples)[:fisher]]
            labels = jax.random.categorical(key_label, apply(unravel(w), inputs))
            rows = jax.vmap(jax.grad(loss), (None, 0, 0))(w, inputs, labels)
            matrix = rows.T @ rows / fisher
        if alpha is not None:
            matrix = jnp.where(first, matrix, alpha * average + (1 - alpha) * matrix)
            average = matrix
        damped = matrix + damping * jnp.eye(w.size)
        return w - rate * jax.scipy.linalg.solve(damped, gradient, assume_a="pos"), average

    compiled = jax.jit(step, donate_argnums=(1, 2))
    size = 0 if alpha is None else flat.size
    held: list[Any] = [jnp.array(flat), jnp.zeros((size, size)), 0]

    def go(updates: int) -> None:
        w, average, done = held
        for update in range(done, done + updates):
            key = jax.random.fold_in(jax.random.key(0), update)
            w, average = compiled(key, w, average, update == 0, case.x, case.y)
        held[:] = [jax.block_until_ready(w), average, done + updates]

    return go


def torch_steps(case: Any, threads: int) -> Callable[[int], None]:
    """The same in PyTorch: torch.func's per-example gradients, in-place average, Cholesky."""
    import torch
    from torch.func import functional_call, grad, vmap
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    rate, damping, batch, fisher, alpha = case.settings
    images = case.x.ndim == 4

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            if images:
                sizes = [(1, 10), (10, 10), (10, 10)]
                self.convolutions = torch.nn.ModuleList(
                    torch.nn.Conv2d(i, o, 3, stride=2, bias=False) for i, o in sizes
                )
                self.out = torch.nn.Linear(160, 10, bias=False)
            else:
                self.hidden = torch.nn.Linear(10, 40, bias=False)
                self.out = torch.nn.Linear(40, 10, bias=False)

        def forward(self, x: Any) -> Any:
            if not images:
                return self.out(F.relu(self.hidden(x)))
            for convolution in self.convolutions:
                pad = (0, 1, 0, 1) if x.shape[-1] % 2 == 0 else (1, 1, 1, 1)
                x = F.relu(convolution(F.pad(x, pad)))
            return self.out(x.permute(0, 2, 3, 1).flatten(1))

    model = Model()
    leaves = case.start["params"]
    if images:
        given = {
            f"convolutions.{i}.weight": leaves[f"Convolution_{i}"]["kernel"].transpose(3, 2, 0, 1)
            for i in range(3)
        }
    else:
        given = {"hidden.weight": leaves["Dense_0"]["kernel"].T}
    given["out.weight"] = leaves["Dense_0" if images else "Dense_1"]["kernel"].T
    params = {name: torch.from_numpy(np.array(leaf)) for name, leaf in given.items()}
    x, y = torch.from_numpy(np.array(case.x)), torch.from_numpy(np.array(case.y)).long()
    x = x.permute(0, 3, 1, 2).contiguous() if images else x
    coefficient = float(case.task(case.x, case.y).regulariser(jnp.ones(2)))

    def cost(p: Any, x: Any, y: Any) -> Any:
        squares = sum((leaf**2).sum() for leaf in p.values())
        return F.cross_entropy(functional_call(model, p, (x,)), y) + coefficient / 2 * squares

    def loss(p: Any, x: Any, y: Any) -> Any:
        return F.cross_entropy(functional_call(model, p, (x[None],)), y[None])

    size = sum(leaf.numel() for leaf in params.values())
    held = {"average": torch.zeros(size, size), "first": True}

    def step() -> None:
        chosen = torch.randperm(len(y))[:batch]
        gradient = torch.cat(
            [g.flatten() for g in grad(cost)(params, x[chosen], y[chosen]).values()]
        )
        inputs = x[torch.randperm(len(y))[:fisher]]
        with torch.no_grad():
            logits = functional_call(model, params, (inputs,))
            labels = torch.distributions.Categorical(logits=logits).sample()
        per_example = vmap(grad(loss), (None, 0, 0))(params, inputs, labels)
        rows = torch.cat([g.flatten(1) for g in per_example.values()], dim=1)
        average = held["average"]
        kept = 0.0 if alpha is None or held["first"] else alpha
        torch.addmm(average, rows.T, rows, beta=kept, alpha=(1 - kept) / fisher, out=average)
        held["first"] = False
        damped = average.clone()
        damped.diagonal().add_(damping)
        factor = torch.linalg.cholesky(damped)
        move = torch.cholesky_solve(gradient[:, None], factor)[:, 0]
        for leaf, part in zip(
            params.values(), move.split([p.numel() for p in params.values()]), strict=True
        ):
            leaf.sub_(rate * part.view_as(leaf))

    def go(updates: int) -> None:
        for _ in range(updates):
            step()

    return go
