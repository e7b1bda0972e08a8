"""A refusal is one line: at the end of a job, in its log, and at the end of the run."""

import os
import subprocess
import sys
from pathlib import Path

from artifact import refusals

SOURCES = Path(__file__).parents[2] / "src"


def end(log, raised):
    """How a job that raises ends."""
    program = (
        "import sys; from pathlib import Path; from artifact import refusals\n"
        f"refusals.in_one_line(Path(sys.argv[1])); raise {raised}"
    )
    return subprocess.run(
        [sys.executable, "-c", program, log],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
    )


def test_a_refusal_and_a_full_disk_end_in_one_line(tmp_path, capsys):
    log = tmp_path / "a.log"
    for raised, line in (
        ("refusals.RefusedError('no, must\\n be so')", "no, must be so\n"),
        ("OSError(28, 'No space left on device')", "[Errno 28] No space left on device\n"),
    ):
        run = end(log, raised)
        assert run.returncode == 1
        assert run.stderr == line
        assert log.read_text().endswith(line)
        refusals.repeat(tmp_path, since=0.0)
        assert capsys.readouterr().err == line


def test_a_fault_of_ours_keeps_its_traceback(tmp_path, capsys):
    for raised in ("ValueError('shape')", "FileNotFoundError('fig3.csv')"):
        run = end(tmp_path / "a.log", raised)
        assert run.returncode == 1
        assert "Traceback" in run.stderr
    refusals.repeat(tmp_path, since=0.0)
    assert capsys.readouterr().err == ""


def test_what_is_repeated_is_of_this_run_in_order_and_once(tmp_path, capsys):
    for number, (name, line) in enumerate({"old": "a", "z": "b", "y": "c", "x": "b"}.items()):
        path = tmp_path / "fig5" / f"{name}.refused"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{line}\n")
        os.utime(path, (number, number))
    refusals.repeat(tmp_path, since=1.0)
    assert capsys.readouterr().err == "b\nc\n"


def test_a_job_that_is_tried_again_forgets_its_refusal(tmp_path, capsys):
    log = tmp_path / "a.log"
    end(log, "refusals.RefusedError('no')")
    hook = sys.excepthook
    try:
        refusals.in_one_line(log)
    finally:
        sys.excepthook = hook
    refusals.repeat(tmp_path, since=0.0)
    assert capsys.readouterr().err == ""
