"""Adapter of rule mnist."""

import os
import sys
from contextlib import redirect_stderr
from pathlib import Path

from artifact.problems import mnist

folder = snakemake.config["mnist_dir"] or os.environ.get("MNIST_DIR")
params = snakemake.params
with Path(snakemake.log[0]).open("w", encoding="utf-8") as log, redirect_stderr(log):
    try:
        images = mnist.load(
            params.name,
            Path(folder) if folder else None,
            Path(params.cache),
            params.test_images,
            params.seed,
        )
    except mnist.DataError as error:
        print(error, file=log)
        sys.exit(str(error))
mnist.save(images, Path(snakemake.output.images))
