"""Adapter of the rules in train.smk."""

from pathlib import Path

from artifact import device

arguments = dict(snakemake.params.items())
device.claim(arguments.pop("device"), snakemake.threads)  # before anything imports JAX

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
