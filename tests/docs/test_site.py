"""The site builds without a warning, has every public name, and asks nothing of the network."""

import ast
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile
from tests import pages

import ngd

ROOT = Path(__file__).parents[2]


def build(source, target):
    """`make site`, of other folders."""
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "--quiet", source, target],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    built = build(ROOT / "docs", target)
    assert built.returncode == 0, built.stderr
    return target


def public(module):
    """What a module's names are: its `__all__`, else what is defined in it."""
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if not name.startswith("_")]
    found = []
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            walked = (part for target in targets for part in ast.walk(target))
            found += [part.id for part in walked if isinstance(part, ast.Name)]
    return [name for name in found if not name.startswith("_")]


def names():
    """Every public module of the library, and every public name in them."""
    walked = pkgutil.walk_packages(ngd.__path__, "ngd.")
    modules = ["ngd", *(m.name for m in walked if not m.name.rpartition(".")[2].startswith("_"))]
    for module in modules:
        yield module
        yield from (f"{module}.{name}" for name in public(importlib.import_module(module)))


def test_every_public_name_is_in_the_sites_inventory(site):
    with (site / "objects.inv").open("rb") as file:
        held = InventoryFile.load(file, "", lambda base, path: path)
    listed = {name for kind, found in held.items() if kind.startswith("py:") for name in found}
    asked = set(names())
    assert {
        "ngd.langevin",
        "ngd.samplers.langevin.step",
        "ngd.metrics.exact_fisher",
        "ngd.likelihood.categorical",
        "ngd.diagnostics.predicted.DENSE",
        "ngd.theorem_2",
    } <= asked
    assert asked - listed == set()


def test_a_page_of_the_site_asks_nothing_of_the_network(site):
    asked = re.compile(r"""<(?:script|img|link|iframe)\b[^>]*(?:src|href)=["'](?:https?:)?//""")
    built = list(site.rglob("*.html"))
    assert len(built) > len(pages.PAGES)
    for page in built:
        assert not asked.search(page.read_text(encoding="utf-8")), page
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"(?:url\(|@import )[\"']?(?:https?:)?//", styles)
    assert asked.search('<script async="async" src="https://cdn.example/mathjax.js"></script>')


def test_a_link_to_nowhere_fails_the_site(tmp_path):
    (tmp_path / "conf.py").write_text((ROOT / "docs/conf.py").read_text(encoding="utf-8"))
    (tmp_path / "index.md").write_text("# Title\n\n[nowhere](nowhere.md)\n")
    built = build(tmp_path, tmp_path / "built")
    assert built.returncode != 0
    assert "nowhere.md" in built.stderr


def linked(page):
    """The files that a page links to, as a code forge finds them."""
    found = re.findall(r"\]\(([^)#\s]+?)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8"))
    return [(ROOT / page).parent / link for link in found if not re.match(r"https?://", link)]


@pytest.mark.parametrize("page", ["README.md", "ARTIFACT.md", *pages.PAGES])
def test_a_pages_links_lead_somewhere_on_a_code_forge_too(page):
    missing = [link for link in linked(page) if not link.exists()]
    assert missing == []


def test_the_first_page_leads_to_every_other():
    reached = {link.resolve() for link in linked("docs/index.md")}
    assert {(ROOT / page).resolve() for page in pages.PAGES} - reached == {ROOT / "docs/index.md"}


@pytest.mark.parametrize("page", ["choosing", "equations"])
def test_a_page_that_compares_them_has_every_sampler_and_metric(page):
    text = (ROOT / f"docs/library/{page}.md").read_text(encoding="utf-8")
    modules = {"Info", "SamplingAlgorithm", "Metric"}
    every = set(ngd.samplers.__all__) | set(ngd.metrics.__all__)
    assert {name for name in every - modules if not re.search(rf"`{name}[`(]", text)} == set()


def test_the_page_of_likelihoods_has_every_one():
    text = (ROOT / "docs/library/regression.md").read_text(encoding="utf-8")
    held = vars(ngd.likelihood).items()
    ready = {name for name, value in held if isinstance(value, ngd.likelihood.Likelihood)}
    assert ready
    assert {name for name in {*ready, "gaussian"} if not re.search(rf"`{name}[`(]", text)} == set()
