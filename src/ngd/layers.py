"""Per-example gradients of a network layer by layer, unsummed."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from ngd.metrics.factor import Block, Factor, Kernel, Outer, side_by_side
from ngd.models.convolution import Convolution, windows
from ngd.task import Params, Task

Path = tuple[str, ...]
Labels = Callable[[Array], Int[Array, " m"]]


def layer_gradients(model: nn.Module) -> Callable[[Task, Params, Array, Labels], Factor]:
    """Per-example gradients for `sampled_fisher`, cheaper than its default.

    One backward pass yields the inputs a and the output gradients δ of every layer; the
    gradient of example n is Σ_p a_np δ_npᵀ over the positions p that share the kernel. A
    layer with one position is never summed nor written out.

    Args:
        model: a Flax module all of whose parameters are kernels of `nn.Dense` without
            bias or of `ngd.models.Convolution`, each used once: `ngd.models.MLP`,
            `ngd.models.CNN`.

    Returns:
        A function of (task, params, x, labels), `labels` giving y from the logits; it
        raises ValueError for a model of another kind, a layer whose inputs have not the
        batch as their first axis, a kernel that is used outside of its layer, or a task
        whose logits are not `model.apply`.
    """

    def gradients(task: Task, params: Params, x: Array, labels: Labels) -> Factor:
        owner = getattr(task.logits, "__self__", None)
        if owner != model or getattr(task.logits, "__name__", "") != "apply":
            raise ValueError(f"layer_gradients: the task's logits must be {model}.apply")

        def run(added: dict[Path, Array]) -> tuple[Array, tuple[dict, dict]]:
            inputs: dict[Path, Array] = {}
            outputs: dict[Path, Array] = {}

            def intercept(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
                out = call(*args, **kwargs)
                # A class derived from these, or options of theirs, may compute anything.
                kind = type(context.module) in (nn.Dense, Convolution)
                if kind and context.method_name == "__call__":
                    path = context.module.path
                    if path in inputs:
                        raise ValueError(f"layer {'/'.join(path)} is used more than once")
                    _check_layer(context.module, args, len(x))
                    out = out + added.get(path, 0)
                    a = windows(args[0]) if isinstance(context.module, Convolution) else args[0]
                    inputs[path], outputs[path] = a, out
                return out

            with nn.intercept_methods(intercept):
                logits: Any = model.apply(params, x)
            y = jax.lax.stop_gradient(labels(logits))
            return task.likelihood.losses(logits, y).sum(), (inputs, outputs)

        _, (_, shapes) = jax.eval_shape(run, {})
        zeros = {path: jnp.zeros(out.shape, out.dtype) for path, out in shapes.items()}
        deltas, (inputs, _) = jax.grad(run, has_aux=True)(zeros)
        kernels = _kernels(params, zeros)
        _check_used_once(lambda p: model.apply(p, x), params)
        return side_by_side(tuple(_block(inputs[path], deltas[path]) for path in kernels))

    return gradients


def _check_layer(module: Any, args: tuple, examples: int) -> None:
    name = "/".join(module.path)
    a = args[0]
    if a.ndim < 2 or a.shape[0] != examples:
        raise ValueError(
            f"layer {name} must have the batch of {examples} as the first axis of its input, "
            f"got shape {a.shape}"
        )
    for option in ("dtype", "dot_general", "dot_general_cls", "promote_dtype"):
        used = getattr(module, option, None)
        if used is not None and used != getattr(type(module), option, None):
            raise ValueError(f"layer {name} must be a plain one, got {option} = {used}")


def _check_used_once(logits: Callable[[Params], Any], params: Params) -> None:
    """What a layer's gradient misses: a kernel that something else reads too."""
    jaxpr = jax.make_jaxpr(logits)(params).jaxpr
    leaves, _ = jax.tree_util.tree_flatten_with_path(params)
    for variable, (path, _) in zip(jaxpr.invars, leaves, strict=True):
        uses = sum(v is variable for eqn in jaxpr.eqns for v in eqn.invars)
        if uses != 1:
            raise ValueError(
                f"parameter {jax.tree_util.keystr(path)} is used {uses} times, and not once"
            )


def _kernels(params: Params, known: dict[Path, Array]) -> list[Path]:
    """The layers in the order of the flat parameters."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(params)
    paths = [tuple(str(getattr(k, "key", k)) for k in path) for path, _ in leaves]
    for path in paths:
        if path[-1] != "kernel" or path[1:-1] not in known:
            raise ValueError(f"parameter {'/'.join(path)} is no kernel of a layer known here")
    return [path[1:-1] for path in paths]


def _block(a: Array, delta: Array) -> Block:
    m = a.shape[0]
    a, delta = a.reshape(m, -1, a.shape[-1]), delta.reshape(m, -1, delta.shape[-1])
    if a.shape[1] == 1:
        return Outer(a[:, 0], delta[:, 0])
    rows = jnp.einsum("npo,npi->noi", delta, a)
    return Kernel(rows.reshape(m, -1), delta.shape[-1])
