"""Wrong MNIST files: the job fails with one line, and no other data set steps in."""

import gzip

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def refused(clone, folder, expected):
    target = "results/paper/data/mnist.npz"
    run = clone.snakemake("--config", "scale=paper", "--", target, MNIST_DIR=str(folder))
    assert run.returncode != 0
    assert expected in run.stderr
    assert "Traceback" not in run.stderr
    assert not (clone.path / target).exists()


def test_a_missing_file_is_named(clone, tmp_path):
    refused(clone, tmp_path, "train-images-idx3-ubyte")


def test_an_altered_file_is_named(clone, tmp_path):
    for name in FILES:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(b"<html>not found</html>"))
    refused(clone, tmp_path, "train-images-idx3-ubyte.gz")


def test_a_folder_that_does_not_exist_is_refused_before_any_job(clone, tmp_path):
    run = clone.snakemake("--dry-run", "--config", "scale=paper", MNIST_DIR=str(tmp_path / "no"))
    told = [line for line in run.stderr.splitlines() if line.startswith("config: MNIST_DIR = ")]
    assert run.returncode != 0
    assert len(told) == 1
