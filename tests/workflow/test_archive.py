"""What is archived agrees with itself."""

from collections import Counter
from pathlib import Path

import pandas as pd
from tests.workflow.conftest import Clone

from artifact.records import integrity

ROOT = Path(__file__).parents[2]
ARCHIVED = pd.read_csv(ROOT / "results/reference/paper/claims.csv")


def test_the_archived_verdicts_are_those_of_the_archived_tables(tmp_path):
    clone = Clone(tmp_path)
    command = ("--config", "scale=paper", "from=reference", "--", "check")
    run = clone.snakemake(*command)
    assert run.returncode == 0, run.stdout + run.stderr
    made = pd.read_csv(clone.path / "results/paper/claims.csv")
    columns = ["claim", "estimate", "low", "high", "repeats", "repeats_wanted"]
    pd.testing.assert_frame_equal(made[columns], ARCHIVED[columns], rtol=1e-6)

    path = clone.path / "results/reference/paper/claims.csv"
    path.write_text(path.read_text().replace(",reproduced,", ",inconclusive,", 1))
    run = clone.snakemake(*command)
    assert run.returncode != 0
    assert "claims.csv of" in run.stderr  # not what was sealed, and still there
    integrity.seal_archive(path.parent)
    run = clone.snakemake(*command)
    assert run.returncode != 0
    assert "inconclusive -> reproduced" in run.stdout + run.stderr


def test_the_readme_counts_the_verdicts_that_are_archived():
    counts = Counter(ARCHIVED["verdict"])
    told = (
        f"Of {len(ARCHIVED)} claims {counts['reproduced']} are reproduced, "
        f"{counts['not reproduced']} are not, {counts['inconclusive']} are inconclusive"
    )
    assert told in " ".join((ROOT / "README.md").read_text().split())
