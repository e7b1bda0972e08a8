"""A Grid Engine of one machine: a master, and a node with two slots.

As a program, `python tests/cluster/gridengine.py COMMAND...` runs a command while it is up. All of
it lies in a temporary folder with ports of its own, and no Grid Engine that the machine may have is
touched. It is called localhost, whatever the machine's name resolves to.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.slurm import answer, end_all, free_ports, wait

DEBIAN = Path("/usr/lib/gridengine")
SHARED = Path("/usr/share/gridengine")
PROGRAMS = ("qsub", "qstat", "qacct", "qdel", "qmod", "qconf")

BOOTSTRAP = """
admin_user none
default_domain none
ignore_fqdn true
spooling_method berkeleydb
spooling_lib libspoolb
spooling_params {folder}/database
binary_path /usr/lib/gridengine
qmaster_spool_dir {folder}/master
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
"""

# Root may run jobs; accounts are written, and jobs started, at once.
CONFIGURATION = {
    "execd_spool_dir": "{folder}/node",
    "min_uid": "0",
    "min_gid": "0",
    "load_report_time": "00:00:05",
    "reporting_params": "accounting=true reporting=false flush_time=00:00:01 joblog=false "
    "sharelog=00:00:00",
}
SCHEDULER = {"schedule_interval": "0:0:2", "flush_submit_sec": "1", "flush_finish_sec": "1"}
QUEUE = {
    "qname": "all.q",
    "hostlist": "localhost",
    "slots": "2",
    "pe_list": "smp",
    "load_thresholds": "NONE",  # a busy machine is a node like any other
    "priority": str(os.nice(0)),  # jobs are as nice as the tests
}


@contextlib.contextmanager
def running() -> Iterator[dict[str, str]]:
    """A Grid Engine that is up; gives the environment for those who use it, and always stops it.

    Raises:
        RuntimeError: a program is missing, or it does not come up; with its log's end.
    """
    programs = (*(DEBIAN / name for name in ("sge_qmaster", "sge_execd")), SHARED / "scripts")
    missing = [path.name for path in programs if not path.exists()]
    missing += [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        raise RuntimeError(f"not installed: {', '.join(missing)} (make test-cluster does it)")
    # A test run that is told to end must not leave daemons behind.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="gridengine-"))
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        environment = write_cell(folder)

        def start(name: str) -> None:
            with (folder / f"{name}.out").open("wb") as log:
                # Their own sessions: an interrupt from the keyboard is for the tests to handle.
                daemons.append(
                    subprocess.Popen(
                        [DEBIAN / name],
                        stdout=log,
                        stderr=log,
                        env={**environment, "SGE_ND": "1"},  # in the foreground
                        start_new_session=True,
                    )
                )

        start("sge_qmaster")
        wait(folder, lambda: answer(environment, "qconf", "-sh"))
        settle(folder, environment)
        start("sge_execd")
        free = re.compile(r"^all\.q@localhost +\S+ +0/0/2 +\d\S* +\S+ *$", re.M)
        wait(folder, lambda: free.search(answer(environment, "qstat", "-f")))
        yield environment
    finally:
        if len(daemons) > 1:
            answer(environment, "qdel", "-u", "*")
            quiet = lambda: not answer(environment, "qstat", "-u", "*")  # noqa: E731
            with contextlib.suppress(RuntimeError):
                wait(folder, quiet, seconds=20)
            answer(environment, "qconf", "-ke", "localhost")  # SIGTERM takes the node 10 seconds
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        end_all(folder)
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def write_cell(folder: Path) -> dict[str, str]:
    """The files of a Grid Engine in `folder`, and the environment in which it is found."""
    folder.chmod(0o755)
    common = folder / "default/common"
    for path in (common, folder / "master/job_scripts", folder / "node", folder / "database"):
        path.mkdir(parents=True)
    (folder / "util").symlink_to(SHARED / "util")
    kind = subprocess.run([SHARED / "util/arch"], capture_output=True, text=True, check=True)
    for name in ("bin", "utilbin", "lib"):
        (folder / name).mkdir()
        (folder / name / kind.stdout.strip()).symlink_to(DEBIAN)
    (common / "bootstrap").write_text(BOOTSTRAP.format(folder=folder).lstrip())
    (common / "act_qmaster").write_text("localhost\n")
    names = sorted({socket.gethostname(), socket.getfqdn()} - {"localhost"})
    (common / "host_aliases").write_text(" ".join(["localhost", *names]) + "\n")
    master, node = free_ports(2)
    environment = {
        **os.environ,
        "SGE_ROOT": str(folder),
        "SGE_CELL": "default",
        "SGE_QMASTER_PORT": str(master),
        "SGE_EXECD_PORT": str(node),
    }
    fill = [SHARED / "scripts/init_cluster", folder, "default", folder / "database"]
    user = os.environ.get("USER") or subprocess.getoutput("id -un")
    subprocess.run([*fill, user], env=environment, capture_output=True, check=True)
    return environment


def settle(folder: Path, environment: dict[str, str]) -> None:
    """Tell a master what differs from Grid Engine's own settings: a queue, and who may submit."""

    def change(show: str, put: str, settings: dict[str, str], name: str) -> None:
        text = subprocess.run(
            ["qconf", show], env=environment, capture_output=True, text=True, check=True
        ).stdout
        text = text.replace("\\\n", " ")
        for key, value in settings.items():
            text = re.sub(rf"(?m)^({key}\s+).*$", rf"\g<1>{value.format(folder=folder)}", text)
        # `qconf -Mconf` takes the file's name for the host's, and "global" for all.
        (folder / name).write_text(text)
        tell(put, str(folder / name))

    def tell(*arguments: str) -> None:
        subprocess.run(
            ["qconf", *arguments], env=environment, capture_output=True, text=True, check=True
        )

    tell("-as", "localhost")
    tell("-Ap", str(SHARED / "util/resources/pe/smp"))
    change("-sconf", "-Mconf", CONFIGURATION, "global")
    change("-ssconf", "-Msconf", SCHEDULER, "scheduler")
    change("-sq", "-Aq", QUEUE, "queue")


def record(environment: dict[str, str], job: str) -> str:
    """What the accounts say of a job that has ended; nothing for as long as they don't."""
    end = time.monotonic() + 60
    while not (told := answer(environment, "qacct", "-j", job)) and time.monotonic() < end:
        time.sleep(0.5)
    return told


if __name__ == "__main__":
    with running() as around:
        sys.exit(subprocess.run(sys.argv[1:], env=around).returncode)
