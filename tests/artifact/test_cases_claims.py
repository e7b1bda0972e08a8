"""A claim that can't be judged is refused before any job, by its name."""

from pathlib import Path

import pytest
import yaml

from artifact.claims import claimfile
from artifact.refusals import RefusedError

CLAIMS = Path(__file__).parents[2] / "workflow/claims.yaml"

WRONG = [
    (
        {"statistic": "np"},
        "statistic = 'np' is not allowed; must be one of distance_from_hmc, distance_from_nuts",
    ),
    ({"statistic": "Means"}, "statistic = 'Means' is not allowed"),
    ({"between": [1, 0]}, "between = [1, 0] is not allowed; must rise"),
    ({"between": [0.5, 0.5]}, "must rise"),
    ({"between": [None, None]}, "must have a bound"),
    ({"between": [float("nan"), 1]}, "between"),
    ({"between": [1]}, "between"),
    ({"of": {"table": "fig2"}}, "optimum"),
    ({"of": {"table": "fig2", "metric": "ensemble_cross_entropy"}, "tables": []}, "tables"),
    ({"claim": "F 2\n"}, "claim"),
    ({"sees": 1}, "sees"),
    ({"separable": True}, "separable = True is not allowed; must be true or false where tables"),
    ({"tables": ["fig2", "separable"]}, "separable = None is not allowed"),
]


@pytest.mark.parametrize(("change", "told"), WRONG, ids=lambda part: str(part)[:40])
def test_a_claim_that_can_not_be_judged_is_refused_in_one_line(tmp_path, change, told):
    listed = yaml.safe_load(CLAIMS.read_text("utf-8"))
    (entry,) = [entry for entry in listed if entry["claim"] == "F2-optimum"]
    entry |= change
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(listed), encoding="utf-8")
    with pytest.raises(RefusedError) as caught:
        claimfile.read(path)
    line = str(caught.value)
    assert line.startswith("claims.yaml: claim ")
    assert told in line
    assert line.isprintable()


def test_a_claim_that_stands_twice_is_refused(tmp_path):
    listed = yaml.safe_load(CLAIMS.read_text("utf-8"))
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump([*listed, listed[0]]), encoding="utf-8")
    with pytest.raises(RefusedError, match="F1-langevin stands twice"):
        claimfile.read(path)


def test_ours_can_be_judged():
    assert len(claimfile.read(CLAIMS)) == len(yaml.safe_load(CLAIMS.read_text("utf-8")))
