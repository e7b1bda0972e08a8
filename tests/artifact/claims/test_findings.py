"""What the verdicts say in words."""

import math

import pandas as pd
import pytest

from artifact.claims import findings, verdicts
from artifact.records.tables import number


def judged(*rows):
    names = ("claim", "verdict", "estimate", "low", "high")
    table = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    words = dict.fromkeys(("where", "says", "criterion", "note"), "|word|")
    return table.reindex(columns=verdicts.COLUMNS).assign(**words)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1170.4, "1,170"), (999.6, "1,000"), (64.0, "64"), (0.7549, "0.755"), (-1.914, "-1.91"),
        (3.4e-16, "0"), (0.00012, "1.2e-04"), (math.nan, ""), (None, ""),
        (math.inf, "∞"), (0.0, "0"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_do(value, told):
    assert number(value) == told


def test_the_optima_are_told_by_verdict():
    table = judged(
        ("F2-optimum", "inconclusive", 1, 1, 1.4),
        ("F3-optimum", "reproduced", 1, 1, 1),
        ("F4b-optimum", "reproduced", 2, 2, 2),
        ("F5-optimum", "not reproduced", 4, 4, 4),
        ("F5-accuracy", "reproduced", 1, 1, 1),
    )
    (told,) = findings.sentences(table)
    assert "there in Figs 3, 4b;" in told
    assert "not told from a neighbour in Fig. 2;" in told
    assert "elsewhere in Fig. 5." in told


@pytest.mark.parametrize(
    ("one", "two", "told"),
    [
        ("not reproduced", "not reproduced", "does not hold as stated"),
        ("reproduced", "reproduced", "holds:"),
        ("reproduced", "not reproduced", "is not decided"),
    ],
)
def test_theorem_1_is_told_as_both_its_claims_are_judged(one, two, told):
    table = judged(
        ("T1-density-1d", one, 0.97, 0.94, 1.0), ("T1-density-2d", two, 1.01, 0.98, 1.03)
    )
    (sentence,) = findings.sentences(table)
    assert told in sentence
    assert "k = 0.97 (0.94 to 1) in one dimension and 1.01 (0.98 to 1.03) in two" in sentence


def test_fig_7_is_counted_and_what_was_not_run_is_not_told():
    table = judged(
        ("F7a-rise", "inconclusive", math.nan, math.nan, math.nan),
        ("F7b-size", "reproduced", 0.06, 0.05, 0.07),
        ("T1-density-1d", "inconclusive", math.nan, math.nan, math.nan),
        ("T1-density-2d", "inconclusive", math.nan, math.nan, math.nan),
    )
    (told,) = findings.sentences(table)
    assert told.endswith("1 reproduced, 1 inconclusive.")


def test_the_table_has_a_row_a_claim_and_its_bars_are_escaped():
    lines = findings.table(judged(("F1", "not reproduced", 0.755, 0.7, 0.8))).splitlines()
    assert len(lines) == 3
    assert "**not reproduced** | 0.755 (0.7 to 0.8) |" in lines[2]
    assert "\\|word\\|" in lines[2]
    assert findings.total(judged(("F1", "inconclusive", 1, 1, 1))) == (
        "Of 1 claims 0 are reproduced, 0 are not, 1 are inconclusive"
    )
