"""Adapter of the rules of experiments that are one job."""

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

jobs.run_whole(
    params.experiment,
    params.settings,
    params.root,
    Path(kept) if (kept := params.get("checkpoints")) else None,
    jobs.Given(
        {name: Path(path) for name, path in snakemake.input.items()},
        {name: Path(path) for name, path in snakemake.output.items()},
        Path(snakemake.log[0]),
        snakemake.threads,
        params.code,
    ),
)
