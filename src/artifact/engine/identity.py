"""What a module's numbers depend on: its own code and all of ours that it imports, by meaning.

Comments, docstrings, annotations, formatting and the words of errors are no part of it.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path


def closure(module: str, root: Path) -> list[Path]:
    """The files under `root` that `module` imports for its numbers, itself first.

    What is imported for annotations alone does not count, nor does a package's `__init__.py`,
    which only re-exports: what matters for numbers is imported from where it is defined.

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
        pending += imported(path)
    if not found:
        raise FileNotFoundError(f"no module {module} under {root}")
    first, *others = found
    return [first, *sorted(others)]


def identity(root: Path, *modules: str, script: Path) -> str:
    """A hash of the meaning of a rule's script, of `modules`, and of all that these import.

    Equal for equal numbers. What the script imports besides is machinery.
    """
    digest = hashlib.sha256(_dumped(script).encode())
    for path in sorted({path for module in modules for path in closure(module, root)}):
        digest.update(f"{path.relative_to(root).as_posix()}\n{_dumped(path)}\n".encode())
    return digest.hexdigest()[:16]


def digest(path: Path) -> str:
    """A hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _file(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    return path if path.is_file() else None


@cache
def imported(path: Path) -> list[str]:
    """The names of modules that a file imports for its numbers."""
    names = []
    for node in ast.walk(_meaning_of(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


@cache
def _dumped(path: Path) -> str:
    return ast.dump(_meaning_of(path))


@cache
def _meaning_of(path: Path) -> ast.Module:
    return meaning(path.read_text(encoding="utf-8"))


def meaning(source: str) -> ast.Module:
    """The syntax tree of what a module does, without what it only says."""
    tree = _Silent().visit(ast.parse(source))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return ast.fix_missing_locations(_Used(used | _exported(tree)).visit(tree))


def _exported(tree: ast.Module) -> set[str]:
    """What `__all__` names."""
    return {
        element.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
        and isinstance(node.value, ast.List)
        for element in node.value.elts
        if isinstance(element, ast.Constant) and isinstance(element.value, str)
    }


class _Silent(ast.NodeTransformer):
    """Without docstrings, annotations, and the words of errors."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        # A field without a default is still a field, and its place counts.
        value = node.value or ast.Constant(...)
        return ast.Assign(targets=[node.target], value=value, lineno=node.lineno)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._filled(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._filled(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        node.cause = None
        return node

    def _filled(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node


class _Used(ast.NodeTransformer):
    """Without imports of what nothing uses."""

    def __init__(self, used: set[str]) -> None:
        self.used = used

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        node.names = [a for a in node.names if (a.asname or a.name.split(".")[0]) in self.used]
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        node.names = [a for a in node.names if (a.asname or a.name) in self.used]
        return node if node.names else None

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        # What is imported for annotations alone is gone, and may have been all.
        node.body = node.body or [ast.Pass()]
        return node
