"""The report: whole, self-contained, and right in a browser where there is one."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from artifact import catalogue
from artifact.claims import by_reading, findings, verdicts
from artifact.records import report

ROOT = Path(__file__).parents[3]
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="70" height="30">'
    b'<rect width="70" height="30" fill="#d55e00"/></svg>'
)
JOB = {
    "data": "simulated",
    "commit": "abc",
    "device": {"kind": "cpu"},
    "threads": 1,
    "versions": {"jax": "1.2.3"},
    "seconds": 90.0,
}
POINTS = [{"examples": 8, "learning_rate": 0.1, "temperature": t} for t in (0.5, 1.0)]
SWEEP = {**JOB, "settings": {"points": POINTS, "seeds": [2, 3, 4]}}
OLD = {**JOB, "settings": {"point": {**POINTS[0], "temperature": 4.0}}}
"""As archived while a job ran one point."""
READINGS = "# Readings\n\n## Slips\n\n| a | b |\n|---|---|\n| 1 | <2> |\n\n![](gallery/x.png)\n"


THEOREM = "# What eq. (8) samples\n\n## The limit\n\nItô.\n"


def judged():
    """One claim by two readings, one of which turns it."""
    rows = [
        {"claim": "F1", "reading": "ours", "verdict": "reproduced"},
        {"claim": "F1", "reading": "noise_of_F", "verdict": "not reproduced"},
    ]
    return pd.DataFrame(rows, columns=by_reading.COLUMNS)


def claims():
    rows = [
        {"claim": "F1", "says": "a < b & c", "verdict": "reproduced", "repeats": 9, "low": 0.25},
        {"claim": "F2", "says": "it", "verdict": "inconclusive", "repeats": 0, "note": "not run"},
    ]
    table = pd.DataFrame(rows, columns=verdicts.COLUMNS)
    table["high"] = table["estimate"] = table["low"]
    table["repeats_wanted"] = [9, 5]
    words = ["note", "where", "statistic", "criterion"]
    table[words] = table[words].astype(object).fillna("")
    return table


def compared():
    """A reading at its best, and one whose every chain diverged."""
    known = {"temperature": 1.0, "batch_size": 64.0, "cross_entropy": 1.25, "difference": 0.5}
    interval = {"low": 0.375, "high": 0.625}
    rows = [
        {"reading": "no_bias", "chains": 8, "diverged": 0, "outcome": "worse", **known, **interval},
        {"reading": "large_pixels", "chains": 8, "diverged": 8, "outcome": "none"},
    ]
    return pd.DataFrame(rows)


def drawn(name, svg, records):
    return report.figure(name, catalogue.FIGURES[name].module, svg, records)


def page(figures=None):
    of_fig7 = {
        "fig7a": {"data": "mnist-full", "points": [SWEEP, OLD]},
        "fig7b": {"data": "mnist-5000", "points": [{**JOB, "commit": ""}]},
    }
    figures = figures or [drawn("fig1", SVG, {"fig1": JOB}), drawn("fig7", SVG, of_fig7)]
    template = (ROOT / "workflow/report/template.html").read_text()
    settings = {"scale": "smoke", "data": "mnist-5000", "seed": 1, "from": "chains"}
    return report.render(
        template, settings, figures, claims(), READINGS, THEOREM, compared(),
        findings.told(claims(), judged()),
    )  # fmt: skip


class Addresses(HTMLParser):
    """Every address that a browser would follow, and every id."""

    def __init__(self, text):
        super().__init__()
        self.found, self.ids, self.alts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster"):
                self.found.append(value)
            if name == "id":
                self.ids.append(value)
            if name == "alt":
                self.alts.append(value)


def test_nothing_on_the_page_leads_out_of_it():
    parsed = Addresses(page())
    assert all(address.startswith(("data:", "#")) for address in parsed.found)
    assert {a[1:] for a in parsed.found if a.startswith("#")} <= set(parsed.ids)
    assert "url(" not in page()
    assert "<script" not in page()


def test_it_tells_claims_figures_commands_and_provenance():
    text = page()
    assert "a &lt; b &amp; c" in text
    assert "1 reproduced" in text
    assert "0.25 to 0.25" in text
    assert "5 wanted" in text
    assert "snakemake --config scale=smoke -- figures/fig7.pdf" in text
    assert "3, 4.5 min together, the longest 1.5 min" in text
    assert "<li>fig7b: one job: 1.5 min</li>" in text
    assert "<li>fig7a: N = 8, ε = 0.1, T = 4: 1.5 min</li>" in text
    assert "<li>fig7a: N = 8, ε = 0.1, T = 0.5, 1, seed 2 to 4: 1.5 min</li>" in text
    assert "mnist-5000, mnist-full" in text
    assert "abc, not in git" in text
    assert "<h3>Slips</h3>" in text
    assert "<h3>The limit</h3>" in text
    assert '<td class="not-reproduced">not reproduced</td>' in text
    assert "these are turned: F1 (noise_of_F)." in text
    assert "&lt;2&gt;" in text
    assert all(Addresses(text).alts)


def test_the_same_results_give_the_same_page():
    assert page() == page()


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
MEASURE = """<script>document.title = [...document.images].map(image => [image.complete,
  image.naturalWidth > 0, image.getBoundingClientRect().width > 100].every(Boolean)).join()
  + " " + (document.documentElement.scrollWidth <= window.innerWidth)</script></body>"""


def measuring(text: str) -> str:
    return re.sub(r"<meta http-equiv[^>]*>", "", text).replace("</body>", MEASURE)


def browse(path: Path, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         f"--user-data-dir={path.parent / 'profile'}", *options, path.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def shown(path: Path, text: str, width: int) -> str:
    """What a browser says of a page: whether each figure shows, and whether it fits the width.

    The console must be silent; and it is when nothing is asked of the network, which the page's
    policy forbids and the console would tell.
    """
    path.write_text(text)
    told = browse(path, f"--window-size={width},3000", "--dump-dom")
    assert "CONSOLE" not in told.stderr
    # The page itself allows no script; this copy does, to measure what is shown.
    path.write_text(measuring(text))
    told = browse(path, f"--window-size={width},3000", "--dump-dom")
    return re.search("<title>(.*)</title>", told.stdout)[1]


browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium")


@browser
@pytest.mark.parametrize("width", [390, 1200])
def test_in_a_browser_every_figure_shows_and_the_console_is_silent(tmp_path, width):
    assert shown(tmp_path / "report.html", page(), width) == "true,true true"


@browser
@pytest.mark.parametrize(
    ("figure", "extra", "title"),
    [
        (b"no svg", "", "false true"),
        (SVG, '<p style="width: 2000px">wide</p>', "true false"),
    ],
)
def test_the_browser_check_can_fail(tmp_path, figure, extra, title):
    text = page([drawn("fig1", figure, {"fig1": JOB})]).replace("</main>", f"{extra}</main>")
    assert shown(tmp_path / "report.html", text, 1200) == title


@browser
def test_a_request_would_be_told_by_the_console(tmp_path):
    text = page().replace("</main>", '<img src="https://127.0.0.1:9/x.png" alt=""></main>')
    with pytest.raises(AssertionError):
        shown(tmp_path / "report.html", text, 1200)


def test_readings_that_were_run_are_told_with_their_interval():
    text = page()
    assert '<th scope="row">no bias</th><td>1</td><td>64</td><td>1.25</td>' in text
    assert "<td>0.375 to 0.625</td><td>worse</td><td>0 of 8</td>" in text
    assert "<td>none</td><td>8 of 8</td>" in text
    assert "gallery/x.png" not in text
