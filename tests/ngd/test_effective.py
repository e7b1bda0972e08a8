"""How many independent draws a chain is worth, small here, whole in docs/library/diagnostics.md."""

import re
from pathlib import Path

import pytest
from tests import scripts

pytest.importorskip("arviz", reason="ESS is ArviZ's")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def benchmark():
    return scripts.load("benchmarks/effective.py")


def expected(draws):
    """Of an AR(1) of coefficient 1 - ε: the damping is λ here, so G + δI is the curvature."""
    return draws * 0.05 / (2 - 0.05)


def test_a_metric_makes_draws_as_independent_as_its_learning_rate_says(benchmark):
    ours, sgld = benchmark.rows(chains=8, burn_in=200, draws=2000)
    # The error of the sum over lags up to five correlation times of 20: √(4 · 100/16,000) = 0.16.
    assert float(ours["bulk ESS"]) == pytest.approx(expected(16_000), rel=3 * 0.16)
    assert float(ours["bulk ESS"]) > 3 * float(sgld["bulk ESS"])


def test_the_documents_table_is_of_the_whole_run():
    document = (ROOT / "docs" / "library" / "diagnostics.md").read_text(encoding="utf-8")
    table = re.search(r"effective: begin -->\n(.*?)<!--", document, re.DOTALL).group(1)
    head, _, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    )
    ours, sgld = (dict(zip(head, line, strict=True)) for line in lines)
    assert ours["draws"] == sgld["draws"] == "8 x 16000"
    assert float(ours["bulk ESS"]) == pytest.approx(expected(128_000), rel=3 * 0.06)
    assert float(ours["bulk ESS"]) > 3 * float(sgld["bulk ESS"])
    assert max(float(row["R-hat"]) for row in (ours, sgld)) < 1.1
