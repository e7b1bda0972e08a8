"""No way for what a user gives, or a file holds, to run as code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("workflow/scripts/*.py")])
RULES = sorted(ROOT.glob("workflow/**/*.smk"))
FORBIDDEN = {"eval", "exec", "compile", "__import__", "system", "popen"}
MODULES = {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}


def called(node):
    """What is called, and of which module or object."""
    owner = getattr(getattr(node.func, "value", None), "id", "")
    return owner, getattr(node.func, "id", getattr(node.func, "attr", ""))


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
def test_no_code_is_made_from_data(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert not names & MODULES
        if not isinstance(node, ast.Call):
            continue
        owner, name = called(node)
        if isinstance(node.func, ast.Name) or owner in ("os", "yaml"):
            assert name not in FORBIDDEN | {"load", "unsafe_load"}
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        assert "shell" not in given
        if "allow_pickle" in given:
            assert ast.literal_eval(given["allow_pickle"]) is False
        elif (owner, name) == ("np", "load"):
            pytest.fail("np.load without allow_pickle=False")


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_a_shell_command_holds_no_setting(path):
    """Only names of Snakemake's own, whose values are paths that rules spell."""
    text = path.read_text()
    for command in re.findall(r"shell:\s*((?:f?\"[^\"]*\"\s*)+)", text):
        assert not command.startswith("f")
        assert set(re.findall(r"{(\w+)", command)) <= {"input", "output", "log", "threads"}
    assert not re.search(r"\b(eval|exec|os\.system)\(", text)


def test_every_address_is_encrypted():
    for path in PYTHON:
        text = path.read_text().replace("http://schema.org/", "")  # a name, never asked for
        assert "http://" not in text, path
