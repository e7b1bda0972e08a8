"""Adapter of rule mnist."""

import os
from contextlib import redirect_stderr
from pathlib import Path

from artifact import refusals
from artifact.problems import mnist

refusals.in_one_line(Path(snakemake.log[0]))
params = snakemake.params
folder = snakemake.config["mnist_dir"]
if params.name in mnist.FULL:
    folder = folder or os.environ.get(mnist.FULL[params.name].variable)
with Path(snakemake.log[0]).open("w", encoding="utf-8") as log, redirect_stderr(log):
    images = mnist.load(
        params.name,
        Path(folder) if folder else None,
        Path(params.cache),
        params.test_images,
        params.seed,
    )
mnist.save(images, Path(snakemake.output.images))
