"""How Sphinx makes the site of these pages, which a code forge shows as they are: `make site`."""

import importlib
import pkgutil
import re
from types import ModuleType
from typing import Any

from sphinx.application import Sphinx

import ngd

project = "ngd-posterior"
author = "the authors of ngd-posterior"
version = release = ngd.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
# Pages mix `text` blocks of plain output with code; only what has a language is coloured.
highlight_language = "none"
html_theme = "furo"
html_title = "ngd-posterior"
html_show_copyright = False
html_show_sourcelink = False

# In docstrings a name between single backticks is code.
default_role = "code"
autodoc_default_options = {"members": True, "undoc-members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
# As a field's description, not as an attribute beside the one that autodoc finds.
napoleon_use_ivar = True

MARK = re.compile(r"<!-- modules of (ngd[\w.]*) -->")


def modules(package: str) -> list[str]:
    """A package and its public modules; packages in it have pages of their own."""
    path = importlib.import_module(package).__path__
    found = sorted(module.name for module in pkgutil.iter_modules(path) if not module.ispkg)
    return [package, *(f"{package}.{name}" for name in found if not name.startswith("_"))]


def shadowed(package: str) -> str:
    """Names of a package that are those of modules in it: told where the module is."""
    held = vars(importlib.import_module(package))
    names = (module.rpartition(".")[2] for module in modules(package)[1:])
    return ", ".join(name for name in names if not isinstance(held.get(name), ModuleType))


def list_modules(app: Sphinx, page: str, source: list[str]) -> None:
    """In a mark's place what its modules have, so that a new one is listed by itself."""

    def section(name: str, hidden: str = "") -> str:
        options = f"   :exclude-members: {hidden}\n" if hidden else ""
        return f"## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n{options}```\n"

    def listed(mark: re.Match[str]) -> str:
        package, *others = modules(mark[1])
        return "\n".join([section(package, shadowed(package)), *map(section, others)])

    source[0] = MARK.sub(listed, source[0])


def plain(app: Sphinx, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Our docstrings are plain text: |ω|, ω* and x_ are mathematics, not markup."""
    for number, line in enumerate(lines):
        parts = re.split(r"(`[^`]*`)", line)
        parts[::2] = [re.sub(r"([|*]|_\b(?=\W|$))", r"\\\1", part) for part in parts[::2]]
        lines[number] = "".join(parts)


def skip(app: Sphinx, what: str, name: str, found: Any, skipped: bool, options: Any) -> bool:
    """A named tuple's fields are told once, by its docstring."""
    return skipped or type(found).__name__ == "_tuplegetter" or isinstance(found, ModuleType)


KEY = "~jaxtyping.Key[Array, ''] | ~jaxtyping.UInt32[Array, '2'] | ~jaxtyping.UInt32[Array, '4']"
NAMES = {
    "jaxlib._jax.Array": "Array",
    KEY: "PRNGKeyArray",
    "float | ~jaxtyping.Float[Array, '']": "Scalar",
}
"""What annotations spell out, and the name that the code has for it."""


def short(
    app: Sphinx, what: str, name: str, found: Any, options: Any, given: str | None, back: str | None
) -> tuple[str | None, str | None]:
    """A signature with the code's own names."""
    for long, called in NAMES.items():
        given, back = (part and part.replace(long, called) for part in (given, back))
    return given, back


def setup(app: Sphinx) -> None:
    """Connect the functions above."""
    app.connect("source-read", list_modules)
    # Before Napoleon, whose markup must stay.
    app.connect("autodoc-process-docstring", plain, priority=400)
    app.connect("autodoc-skip-member", skip)
    app.connect("autodoc-process-signature", short)
