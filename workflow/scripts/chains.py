"""Adapter of the rules whose jobs are chains."""

from pathlib import Path

from artifact import refusals
from artifact.engine import device

refusals.in_one_line(Path(snakemake.log[0]))
params = snakemake.params
if params.device == "gpu" and (lacking := device.lacks_gpu()):
    # A cluster's node: the machine that submitted could not know.
    raise refusals.RefusedError(
        f"config: device = 'gpu' is not allowed here; must be cpu, since {lacking}"
    )
# Before anything imports JAX.
device.claim(params.device, snakemake.threads, params.optimised)

from artifact import jobs  # noqa: E402

jobs.run_chains(
    params.experiment,
    params.figure,
    params.settings,
    params.points,
    params.updates,
    params.seeds,
    params.root,
    Path(params.checkpoints),
    Path(params.archive),
    params.device,
    jobs.Given(
        {name: Path(path) for name, path in snakemake.input.items()},
        {name: Path(path) for name, path in snakemake.output.items()},
        Path(snakemake.log[0]),
        snakemake.threads,
        params.code,
    ),
)
