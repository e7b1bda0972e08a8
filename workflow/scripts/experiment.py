"""Adapter of the rules in train.smk."""

import sys
from pathlib import Path

from artifact import device

arguments = dict(snakemake.params.items())
wanted = arguments.pop("device")
if wanted == "gpu" and (lacking := device.lacks_gpu()):
    # A cluster's node: the machine that submitted could not know.
    sys.exit(f"config: device = 'gpu' is not allowed here; must be cpu, since {lacking}")
device.claim(wanted, snakemake.threads)  # before anything imports JAX

from artifact import job  # noqa: E402


def paths(named):
    return {name: Path(path) for name, path in named.items() if name != "code"}


checkpoints = arguments.pop("checkpoints", None)
job.run(
    arguments.pop("experiment"),
    arguments,
    paths(snakemake.input),
    paths(snakemake.output),
    Path(snakemake.log[0]),
    snakemake.threads,
    [Path(path) for path in snakemake.input.code],
    checkpoints and Path(checkpoints),
)
