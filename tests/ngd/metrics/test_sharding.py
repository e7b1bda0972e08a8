"""A Fisher spread over several devices: the same update as on one."""

import os
import subprocess
import sys

PROGRAM = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from ngd.metrics import moving_average, sampled_fisher
from ngd.models import CNN
from ngd.samplers import stochastic_ngd
from ngd.task import Task, flatten, l2

devices = jax.devices()
assert len(devices) == 4, devices
mesh = Mesh(np.array(devices), ("data",))
spread = NamedSharding(mesh, PartitionSpec("data"))
everywhere = NamedSharding(mesh, PartitionSpec())

model = CNN(channels=6)
key = jax.random.key(0)
x = jax.random.uniform(key, (700, 14, 14, 1))
y = jax.random.randint(key, (700,), 0, 10)
start = model.init(key, x[:1])


def chain(sharding):
    task = Task(model.apply, x, y, l2(0.1))
    fisher = sampled_fisher(task, 600, sharding)
    metric = moving_average(fisher, 0.1)
    sampler = stochastic_ngd.build(metric, learning_rate=0.05, damping=0.1, batch_size=30)
    position = start if sharding is None else jax.device_put(start, everywhere)
    state = sampler.init(position)
    step = jax.jit(sampler.step)
    for number in range(5):
        state, _ = step(jax.random.key(number), state)
    factor = jax.jit(lambda k, p: fisher.estimate(k, p, ())[0])(key, position)
    return flatten(state.position), factor


alone, _ = chain(None)
together, factor = chain(spread)
rows = factor.rows.parts[0].rows
assert len(rows.sharding.device_set) == 4
assert {shard.data.shape[0] for shard in rows.addressable_shards} == {150}, rows.sharding
moved = float(jnp.linalg.norm(alone - flatten(start)))
error = float(jnp.linalg.norm(np.asarray(together) - np.asarray(alone)))
assert moved > 0.01
assert error < 2e-4 * moved, (error, moved)
"""


def test_a_fisher_spread_over_four_devices_gives_the_update_of_one():
    """Virtual devices of the CPU; a process of its own, since they are made at JAX's start."""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    path = os.pathsep.join(entry for entry in sys.path if entry)
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **flags, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-3000:]
