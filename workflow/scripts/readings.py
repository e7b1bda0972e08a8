"""Adapter of rule readings."""

from pathlib import Path

import pandas as pd

from artifact import refusals
from artifact.claims import by_reading, claimfile, repeats
from artifact.figures.readings import compare_readings
from artifact.records import files, integrity

refusals.in_one_line(Path(snakemake.log[0]))
params = snakemake.params
paths = {Path(path).stem: Path(path) for path in snakemake.input if path.endswith(".csv")}
integrity.verify(paths.values())


def table(name):
    """A table of the run, by its name."""
    return pd.read_csv(paths[name])


compared = compare_readings.compare(
    {name: table(f"{of}_runs") for name, of in params.readings.items()}
)
judged = by_reading.judge_all(
    claimfile.at_scale(claimfile.read(Path(params.claims)), params.scale),
    {name: repeats.read(name, table(file)) for name, file in params.claimed.items()},
    {
        reading: {
            name: repeats.read(name, pd.concat(map(table, tables))) for name, tables in read.items()
        }
        for reading, read in params.instead.items()
    },
    params.makers,
    params.root,
)
files.write_table(compared, Path(snakemake.output.table))
files.write_table(judged, Path(snakemake.output.by_reading))
print(compared.to_string(index=False))
print(by_reading.matrix(judged).to_string(na_rep=""))
print(by_reading.summary(judged))
if params.lacking:
    print(f"readings: not archived, and so not judged by: {', '.join(params.lacking)}")
