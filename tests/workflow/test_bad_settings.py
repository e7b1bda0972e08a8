"""Wrong settings: one line that names key, value and what is allowed, before any job.

Every kind of setting is tried in tests/artifact/settings; here what Snakemake makes of it.
"""

import pytest

WRONG = [
    (["sede=1"], "sede is not a setting; known are cnn_readings, data, device, fig1"),
    (["seed=one"], "seed = 'one' is not allowed; must be of type integer"),
    (["fig3={temperatures: [1, -1]}"], "fig3.temperatures.1 = -1 is not allowed; must be > 0"),
    (["scale=paper", "mnist_dir=/no/such"], "mnist_dir = '/no/such' is not allowed; must be a"),
]


@pytest.mark.parametrize(("settings", "expected"), WRONG, ids=[" ".join(w[0]) for w in WRONG])
def test_a_wrong_setting_is_refused_in_one_line(clone, settings, expected):
    run = clone.snakemake("--config", *settings)
    told = [line for line in run.stderr.splitlines() if line.startswith("config: ")]
    assert run.returncode != 0
    assert len(told) == 1, run.stderr
    assert expected in told[0]
    assert "Traceback" not in run.stderr
    assert not list(clone.path.glob("results/*/points/*"))
