"""The smoke pipeline for real, and what a second run does."""

import html
import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from tests.artifact import small
from tests.artifact.records.test_report import browser, shown
from tests.workflow import forks

from artifact import catalogue
from artifact.claims import claimfile
from artifact.engine import device, identity
from artifact.records import captions, integrity

EVERY_FIGURE = [f"figures/{name}" for name in catalogue.main_figures()]


def test_a_clean_clone_yields_every_figure_of_the_paper(smoke):
    for figure in EVERY_FIGURE:
        assert (smoke.path / f"{figure}.pdf").read_bytes().startswith(b"%PDF")
        assert (smoke.path / f"{figure}.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_run_does_nothing(smoke):
    assert smoke.planned("--config", "scale=smoke") == {}


def test_every_result_tells_its_provenance(smoke):
    for path in smoke.path.glob("results/smoke/points/*/*.json"):
        record = json.loads(path.read_text())
        assert {"settings", "versions", "device", "threads", "seconds", "data"} <= record.keys()
        assert record["environment"]["XLA_FLAGS"].endswith(device.LESS_OPTIMISED)
        runs = pd.read_csv(path.with_suffix(".csv"))
        points = record["settings"]["points"]
        assert set(runs["temperature"]) == {point["temperature"] for point in points}
        assert set(runs["seed"]) == set(record["settings"]["seeds"])
        assert len(runs) == len(record["settings"]["seeds"]) * len(points)


def test_every_job_shows_its_progress(smoke):
    logs = list(smoke.path.glob("results/smoke/logs/fig*/*.log"))
    assert logs
    assert all("100%" in log.read_text() for log in logs)


def test_points_made_again_are_the_same_to_the_byte(smoke):
    made = smoke.path / "results/smoke/points/fig7/N256_eps0.2_T0.3_seed0.csv"
    pdf = smoke.path / "figures/fig7.pdf"
    before = made.read_bytes(), pdf.read_bytes()
    written = made.stat().st_mtime_ns
    again = ["--forcerun", str(made.relative_to(smoke.path))]
    run = smoke.snakemake("--config", "scale=smoke", *again, "--", "figures/fig7.pdf")
    assert run.returncode == 0, run.stderr
    assert made.stat().st_mtime_ns > written
    assert (made.read_bytes(), pdf.read_bytes()) == before


def test_another_setting_reruns_only_what_depends_on_it(smoke):
    plan = smoke.planned("--config", "scale=smoke", "fig5={damping: 0.2}")
    assert plan == {"mlp": 2, "sweep_table": 1, "plot": 1, "figures": 1}


def test_another_temperature_runs_only_the_new_point(smoke):
    plan = smoke.planned("--config", "scale=smoke", "fig5={temperatures: [0.25, 1.0, 2.0]}")
    assert plan["mlp"] == 1
    assert "ngd_sweep" not in plan


SAID = [
    "src/artifact/engine/progress.py",
    "src/ngd/bounds.py",
    "src/artifact/engine/chains.py",
    "src/artifact/engine/checkpoints.py",
    "src/artifact/settings/sweeps.py",
    "src/artifact/figures/fig7/cnn.py",
    "src/artifact/drawing/curves.py",
    "workflow/scripts/chains.py",
    "workflow/scripts/whole.py",
    "workflow/scripts/plot.py",
]


class Edited:
    """A clone with other words or code in a file, until the end of the block."""

    def __init__(self, clone, edits):
        self.before = {clone.path / name: (clone.path / name).read_text() for name in edits}
        self.edits = {clone.path / name: edit for name, edit in edits.items()}

    def __enter__(self):
        for path, edit in self.edits.items():
            after = edit(self.before[path])
            assert after != self.before[path]
            path.write_text(after)

    def __exit__(self, *error):
        for path, text in self.before.items():
            path.write_text(text)


def reworded(text):
    """Other words in the first docstring, a comment, another format."""
    return "# A comment.\n" + text.replace('"""', '"""In other words: ', 1) + "\n\n\n# The end.\n"


def test_other_words_in_any_module_plan_no_job_and_keep_checkpoints(smoke):
    """What a job goes on from is named by its settings, its files and this identity."""

    def marks():
        identity._dumped.cache_clear()
        identity.imported.cache_clear()
        return {
            name: identity.identity(
                smoke.path / "src", entry.module, "artifact.engine.chains",
                script=smoke.path / "workflow/scripts/chains.py",
            )
            for name, entry in catalogue.EXPERIMENTS.items()
        }  # fmt: skip

    before = marks()
    with Edited(smoke, dict.fromkeys(SAID, reworded)):
        assert smoke.planned("--config", "scale=smoke") == {}
        assert marks() == before


def test_another_rounding_of_updates_runs_fig_7_again_and_no_other(smoke):
    def longer(text):
        return text.replace("math.ceil(self.duration / learning_rate)", "7")

    with Edited(smoke, {"src/artifact/settings/sweeps.py": longer}):
        plan = smoke.planned("--config", "scale=smoke")
    sweep = small.config().fig7
    assert plan["cnn"] == len(sweep.jobs())
    assert not plan.keys() & (catalogue.EXPERIMENTS.keys() - {"cnn"})


@pytest.mark.parametrize(
    ("module", "reruns", "spared"),
    [
        ("ngd/samplers/preconditioned_langevin.py", {"langevin_sweep", "iterates"}, {"ngd_sweep"}),
        ("ngd/metrics/average.py", {"cnn"}, {"mlp", "ngd_sweep", "langevin_sweep", "prior"}),
        ("ngd/prior.py", {"prior"}, {"ngd_sweep", "cnn"}),
        (
            "artifact/figures/fig5_6/draw_fig5.py",
            {"plot"},
            {"mlp", "cnn", "ngd_sweep", "sweep_table"},
        ),
    ],
)
def test_an_edited_module_reruns_only_what_depends_on_it(smoke, module, reruns, spared):
    with Edited(smoke, {f"src/{module}": lambda text: text + "\nEDITED = True\n"}):
        plan = smoke.planned("--config", "scale=smoke")
    assert reruns <= plan.keys()
    assert not spared & plan.keys()


def test_figures_are_redrawn_from_archived_tables_alone(smoke):
    run = smoke.snakemake("--config", "scale=smoke", "--", "archive")
    assert run.returncode == 0, run.stderr
    plan = smoke.planned("--config", "scale=smoke", "from=reference")
    assert plan == {"plot": len(EVERY_FIGURE), "figures": 1}


def test_claims_are_judged_and_checked_against_the_archive(smoke):
    run = smoke.snakemake("--config", "scale=smoke", "--", "claims")
    assert run.returncode == 0, run.stderr
    claims = smoke.path / "results/smoke/claims.csv"
    judged = pd.read_csv(claims).set_index("claim")
    assert "F5-optimum" in run.stdout + run.stderr
    # Two repeats decide nothing, and no T = 1/2 was run.
    assert set(judged["verdict"]) == {"inconclusive"}
    assert judged.loc["F3-slow", "note"] == "not run: no point at T = 2"
    asked = claimfile.read(smoke.path / "workflow/claims.yaml")
    assert list(judged.index) == [claim["claim"] for claim in asked]

    archived = smoke.path / "results/reference/smoke/claims.csv"
    archived.unlink(missing_ok=True)
    run = smoke.snakemake("--config", "scale=smoke", "--", "check")
    assert run.returncode != 0
    assert "results/reference/smoke/claims.csv is missing" in run.stdout + run.stderr
    run = smoke.snakemake("--config", "scale=smoke", "--", "accept")
    assert run.returncode == 0, run.stderr
    assert archived.read_bytes() == claims.read_bytes()
    assert smoke.snakemake("--config", "scale=smoke", "--", "check").returncode == 0
    archived.write_text(claims.read_text().replace("inconclusive", "reproduced", 1))
    run = smoke.snakemake("--config", "scale=smoke", "--", "check")
    assert run.returncode != 0
    assert "claims.csv of" in run.stderr  # not what was sealed
    integrity.seal_archive(archived.parent)
    run = smoke.snakemake("--config", "scale=smoke", "--", "check")
    archived.unlink()
    integrity.seal_archive(archived.parent)
    assert run.returncode != 0
    assert "F1-langevin: reproduced -> inconclusive" in run.stdout + run.stderr


SHOWN = 1 + len(catalogue.FIGURES)
"""The report's pictures: all figures, and one of them beside the findings."""


def test_report_and_crate_hold_every_figure_and_claim(smoke, tmp_path):
    run = smoke.snakemake("--config", "scale=smoke", "--", "crate")
    assert run.returncode == 0, run.stderr[-5000:]
    with zipfile.ZipFile(smoke.path / "results/smoke/crate.zip") as crate:
        held = set(crate.namelist())
        crate.extractall(tmp_path / "crate")
    assert {"Snakefile", "ro-crate-metadata.json", "figures/figS3.pdf"} <= held
    plan = forks.run(tmp_path / "crate", "--dry-run", "--config", "scale=smoke", "--", "supplement")
    assert plan.returncode == 0, plan.stderr[-3000:]
    assert "This was a dry-run" in plan.stdout + plan.stderr
    assert {"results/smoke/report.html", "results/smoke/tables/fig7a.csv"} <= held
    page = (smoke.path / "results/smoke/report.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == SHOWN
    claims = pd.read_csv(smoke.path / "results/smoke/claims.csv")
    assert all(f'<th scope="row">{name}</th>' in page for name in claims["claim"])


def test_theorem_1_has_every_sampler_and_its_limit(smoke):
    run = smoke.snakemake("--config", "scale=smoke", "--", "figures/figS1.pdf")
    assert run.returncode == 0, run.stderr[-5000:]
    for table, dampings in (("figS1", 1), ("figS1_pooled", 2)):
        exponents = pd.read_csv(smoke.path / f"results/smoke/tables/{table}.csv")
        assert set(exponents["sampler"]) == {"eq8", "flat", "jeffreys"}
        # Three problems of three samplers and two of one, at three rates and in the limit.
        assert len(exponents) == (3 * 3 + 2) * dampings * 4
        assert np.isfinite(exponents[["exponent", "standard_error"]]).all(axis=None)
        assert (exponents["low"] < exponents["high"]).all()


def test_snakemakes_own_report_has_every_figure_and_table_with_its_caption(smoke):
    run = smoke.snakemake("--report", "own.html", "--config", "scale=smoke")
    assert run.returncode == 0, run.stderr[-5000:]
    page = (smoke.path / "own.html").read_text("utf-8")
    told = [
        html.unescape(re.sub("<[^>]*>", "", json.loads(caption)))
        for caption in re.findall(r'"caption": ("(?:[^"\\]|\\.)*")', page)
    ]
    for figure in catalogue.main_figures():
        caption = captions.caption(catalogue.FIGURES[figure].module)
        assert sum(f"{caption.title} {caption.text}" in text for text in told) == 1, figure
        assert f'"name": "{captions.name(figure)}"' in page
    tables = {"fig1_iterates", "fig1_ellipses", "fig4a", "fig7a", "fig7b"}
    assert all(f'"name": "{captions.name(table)}"' in page for table in tables)
    assert '"Figures of the paper"' in page
    assert '"Tables"' in page


@browser
def test_every_figure_of_the_report_shows_in_a_browser(smoke, tmp_path):
    run = smoke.snakemake("--config", "scale=smoke", "--", "report")
    assert run.returncode == 0, run.stderr[-5000:]
    page = (smoke.path / "results/smoke/report.html").read_text()
    for width in (390, 1200):
        assert shown(tmp_path / "page.html", page, width) == ",".join(["true"] * SHOWN) + " true"


def test_scales_do_not_mix(smoke):
    plan = smoke.planned("--config", "scale=quick", "--", "figures/fig5.pdf")
    assert {"mnist", "mlp", "sweep_table", "plot"} <= plan.keys()
