"""Adapter of the rules in train.smk."""

from pathlib import Path

from artifact import threads

threads.pin(snakemake.threads)  # before anything imports JAX

from artifact import job  # noqa: E402


def paths(named):
    return {name: Path(path) for name, path in named.items() if name != "code"}


arguments = dict(snakemake.params.items())
job.run(
    arguments.pop("experiment"),
    arguments,
    paths(snakemake.input),
    paths(snakemake.output),
    Path(snakemake.log[0]),
    snakemake.threads,
)
