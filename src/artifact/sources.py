"""Which modules of this project a module's numbers depend on."""

import ast
from pathlib import Path


def closure(module: str, root: Path) -> list[str]:
    """The files under `root` that `module` imports, itself first, directly or not.

    Snakemake watches a script but not what the script imports; this list, as a rule's
    input, makes an edited sampler re-run its chains and no others. A package's
    `__init__.py` only re-exports and is left out, so modules that matter for numbers are
    to be imported from where they are defined.

    Raises:
        FileNotFoundError: there is no such module under `root`.
    """
    found: dict[Path, None] = {}
    pending = [module]
    while pending:
        path = _file(pending.pop(), root)
        if path is None or path in found:
            continue
        found[path] = None
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                pending += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                pending += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    if not found:
        raise FileNotFoundError(f"no module {module} under {root}")
    first, *others = (str(path) for path in found)
    return [first, *sorted(others)]


def _file(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    return path if path.is_file() else None
