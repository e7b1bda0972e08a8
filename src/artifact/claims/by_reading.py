"""The claims' verdicts under each reading of the text that was run."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from artifact.claims import verdicts

OURS = "ours"
COLUMNS = ["claim", "reading", "verdict", "estimate", "low", "high", "repeats", "note"]


def judge_all(
    claims: Sequence[Mapping[str, Any]],
    ours: Mapping[str, pd.DataFrame],
    readings: Mapping[str, Mapping[str, pd.DataFrame]],
    makers: Mapping[str, str],
    root: int,
) -> pd.DataFrame:
    """A row a claim and reading, ours first; a claim that no other reading changes has none.

    A reading changes a claim when one of the claim's tables was run with it. It then must have been
    run for all of them which the same experiment makes: Figs 5 and 6 are not compared with λ read
    in two ways.

    Args:
        claims: as in `workflow/claims.yaml`.
        ours: the tables of our reading, by name, a row a repeat (`artifact.claims.repeats`).
        readings: by the name of each other reading, the tables that take the place of ours.
        makers: which experiment makes each table.
        root: the root seed.

    Returns:
        Columns `COLUMNS`, as `artifact.claims.verdicts.judge_all` has them.
    """
    rows = []
    for claim in claims:
        others = {
            reading: {**ours, **tables}
            for reading, tables in readings.items()
            if applies(claim["tables"], tables, makers)
        }
        if others:
            for reading, tables in {OURS: ours, **others}.items():
                rows.append({"reading": reading, **verdicts.judge(claim, tables, root)})
    return pd.DataFrame(rows, columns=COLUMNS)


def applies(needed: Sequence[str], read: Mapping[str, Any], makers: Mapping[str, str]) -> bool:
    """Whether a reading which has the tables `read` says anything of a claim, see `judge_all`."""
    changed = {makers[name] for name in needed if name in read}
    return bool(changed) and all(name in read for name in needed if makers[name] in changed)


def matrix(judged: pd.DataFrame) -> pd.DataFrame:
    """The verdicts as a matrix: a row a claim, a column a reading, both as they come."""
    wide = judged.pivot(index="claim", columns="reading", values="verdict")
    return wide.reindex(judged["claim"].unique(), columns=judged["reading"].unique())


def summary(judged: pd.DataFrame) -> str:
    """Which verdicts another reading changes, in one line.

    Inconclusive is no other verdict: it says that the repeats do not suffice.
    """
    decided = judged[judged["verdict"] != "inconclusive"]
    ours = decided[decided["reading"] == OURS].set_index("claim")["verdict"]
    turned = {}
    for claim, verdict in ours.items():
        rows = decided[(decided["claim"] == claim) & (decided["verdict"] != verdict)]
        if len(rows):
            turned[claim] = ", ".join(rows["reading"])
    told = "; ".join(f"{claim} ({readings})" for claim, readings in turned.items()) or "none"
    return f"Of {len(ours)} verdicts that other readings might turn, these are turned: {told}."
