"""Snakemake many times, its modules imported once: each call is a fork of one process.

A plan costs a third of what a process of its own would; jobs are processes as ever.
"""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path


def run(
    folder: Path, *arguments: str, sources: Path | None = None, **environment: str
) -> subprocess.CompletedProcess:
    """`snakemake ARGUMENTS` in a folder.

    Args:
        folder: where.
        arguments: of Snakemake.
        sources: what PYTHONPATH names; the folder's own by default.
        environment: more variables.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("MNIST_DIR")}
    path = str(sources or folder / "src")
    with tempfile.TemporaryDirectory() as written:
        request = {
            "folder": str(folder),
            "arguments": arguments,
            "path": path,
            "environment": {**inherited, "PYTHONPATH": path, **environment},
            "written": written,
        }
        server = _server()
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        out, err = (Path(written, name).read_text() for name in ("out", "err"))
    return subprocess.CompletedProcess(arguments, status, out, err)


@cache
def _server() -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def serve() -> None:
    """Fork for each request; answer its exit status."""
    import pandas  # noqa: F401
    import pydantic  # noqa: F401
    import scipy.stats  # noqa: F401
    import snakemake.cli
    import snakemake.script

    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
            snakemake.cli.main(request["arguments"])  # which exits
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(request: dict) -> None:
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(request["written"], name), os.O_CREAT | os.O_WRONLY), number)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.path.insert(0, request["path"])
    sys.argv = ["snakemake", *request["arguments"]]


if __name__ == "__main__":
    serve()
