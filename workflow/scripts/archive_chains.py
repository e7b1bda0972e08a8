"""Adapter of rule archive_chains."""

from pathlib import Path

from artifact import jobs, refusals

refusals.in_one_line(Path(snakemake.log[0]))
params = snakemake.params
lines = [
    jobs.archive_chains(
        folder,
        of["panels"],
        of["settings"],
        params.root,
        Path(params.points) / folder,
        Path(params.archive),
    )
    for folder, of in params.sweeps.items()
]
text = ("\n".join(filter(None, lines)) or "no chain is finished") + "\n"
Path(snakemake.log[0]).write_text(text, encoding="utf-8")
print(text)
