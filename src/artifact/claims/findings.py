"""What was found: three sentences and a table for people, made from the table of verdicts."""

from typing import Any

import pandas as pd

from artifact.claims import by_reading, verdicts
from artifact.records import documents
from artifact.records.tables import number

THEOREM_1 = {
    "reproduced": "holds",
    "not reproduced": "does not hold as stated",
    "inconclusive": "is not decided",
}


def interval(row: Any) -> str:
    """An estimate with its 95% interval, of a row that has both; empty where it has none."""
    if not number(row["estimate"]):
        return ""
    ends = f" ({number(row['low'])} to {number(row['high'])})" if number(row["low"]) else ""
    return number(row["estimate"]) + ends


def sentences(judged: pd.DataFrame) -> list[str]:
    """What was found about the best temperature, about the theorems, and about Fig. 7.

    Args:
        judged: see `artifact.claims.verdicts.judge_all`; of claims that it lacks nothing is said.
    """
    rows = judged.set_index("claim")
    return [told for told in (_optima(rows), _theorems(rows), _fig7(rows)) if told]


def _optima(rows: pd.DataFrame) -> str:
    """By verdict, the figures in which the least cross entropy is asked for."""
    found = rows[rows.index.str.fullmatch(r"F\d+[ab]?-optimum")]
    parts = []
    for verdict, told in (
        ("reproduced", "there in Figs {}"),
        ("inconclusive", "not told from a neighbour in Figs {}"),
        ("not reproduced", "elsewhere in Figs {}"),
    ):
        names = found.index[found["verdict"] == verdict].str.removesuffix("-optimum").str[1:]
        if len(names):
            figures = told.format(", ".join(names))
            parts.append(figures if len(names) > 1 else figures.replace("Figs", "Fig."))
    if not parts:
        return ""
    return (
        "The least test cross entropy, which the paper has at T = 1 (Fig. 4b: 2), is "
        f"{'; '.join(parts)}."
    )


def _theorems(rows: pd.DataFrame) -> str:
    one, two, temperature = (
        rows.loc[name] if name in rows.index else None
        for name in ("T1-density-1d", "T1-density-2d", "T2-temperature")
    )
    told = ""
    if one is not None and two is not None and interval(one) and interval(two):
        verdict = str(one["verdict"]) if one["verdict"] == two["verdict"] else "inconclusive"
        told = (
            f"Theorem 1 {THEOREM_1[verdict]}: eq. (8) samples e^{{-C/T}}|G|^k with k = "
            f"{interval(one)} in one dimension and {interval(two)} in two, where it says 1/2."
        )
    if temperature is not None and interval(temperature):
        told += (
            " The temperature of minibatches' noise is "
            f"{interval(temperature)} times Theorem 2's ({temperature['verdict']})."
        )
    return told.strip()


def _fig7(rows: pd.DataFrame) -> str:
    found = {v: n for v, n in counts(rows[rows.index.str.startswith("F7")]).items() if n}
    if not found:
        return ""
    told = ", ".join(f"{n} {v}" for v, n in found.items())
    return f"Of the {sum(found.values())} claims on Fig. 7, the CNN on whole images: {told}."


def counts(judged: pd.DataFrame) -> dict[str, int]:
    """How many claims have which verdict."""
    found = judged["verdict"].value_counts()
    return {verdict: int(found.get(verdict, 0)) for verdict in verdicts.VERDICTS}


def total(judged: pd.DataFrame) -> str:
    """`counts` as a sentence."""
    reproduced, not_reproduced, inconclusive = counts(judged).values()
    return (
        f"Of {len(judged)} claims {reproduced} are reproduced, {not_reproduced} are not, "
        f"{inconclusive} are inconclusive"
    )


def table(judged: pd.DataFrame) -> str:
    """For a page in Markdown: claim, what it says, verdict, estimate with interval, why."""
    return documents.table(
        {
            "claim": row["claim"],
            "says": f"{row['says']} ({row['where']})",
            "verdict": f"**{v}**" if (v := row["verdict"]) == "not reproduced" else v,
            "estimate (95% interval)": interval(row),
            "criterion": row["criterion"],
            "why": row["note"],
        }
        for row in judged.fillna({"note": ""}).to_dict("records")
    )


def told(judged: pd.DataFrame, judged_by_reading: pd.DataFrame) -> dict[str, Any]:
    """What the report says of the verdicts, by the names of its template.

    Args:
        judged: see `artifact.claims.verdicts.judge_all`.
        judged_by_reading: see `artifact.claims.by_reading.judge_all`.
    """
    return {
        "findings": sentences(judged),
        "counts": counts(judged),
        "matrix": by_reading.matrix(judged_by_reading).fillna("").to_dict("index"),
        "turned": by_reading.summary(judged_by_reading),
    }
