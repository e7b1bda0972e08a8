"""A Slurm of one machine: munge, a controller, a node with a cpu and a gpu partition.

As a program, `python tests/cluster/slurm.py COMMAND...` runs a command while it is up. All of it
lies in a temporary folder, and no Slurm that the machine may have is touched: the programs in its
`bin` folder, first in PATH, are Debian's, told where this one's settings are. (A variable would
not do: the executor plugin deletes all those that start with SLURM_.)
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "sacct")

SETTINGS = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
# A job that is requeued waits until its credential has expired: by default two minutes.
AuthInfo=socket={folder}/munge.socket,cred_expire=15
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# Neither cgroups nor a database.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=2,bf_interval=2,default_queue_depth=1000
KillWait=2
# Not one that is set down by hand: it comes back by hand, once it has ended what it ran.
ReturnToService=1
MinJobAge=300
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000 Gres=gpu:1
PartitionName=cpu Nodes={host} Default=YES MaxTime=2-0 State=UP
PartitionName=gpu Nodes={host} MaxTime=2-0 State=UP
"""


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def running() -> Iterator[dict[str, str]]:
    """A Slurm that is up; gives the environment for those who use it, and always stops it.

    Raises:
        RuntimeError: a program is missing, or Slurm does not come up; with its log's end.
    """
    missing = [name for name in ("munged", "slurmctld", "slurmd", *PROGRAMS) if not find(name)]
    if missing:
        raise RuntimeError(f"not installed: {', '.join(missing)} (make test-cluster does it)")
    # A test run that is told to end must not leave daemons behind.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        environment = write_settings(folder)

        def start(name: str, *arguments: str) -> None:
            with (folder / f"{name}.out").open("wb") as log:
                command = [find(name), *arguments]
                # Their own sessions: an interrupt from the keyboard is for the tests to handle.
                daemons.append(
                    subprocess.Popen(
                        command, stdout=log, stderr=log, env=environment, start_new_session=True
                    )
                )

        files = [f"--{kind}-file={folder}/munge.{kind}" for kind in ("key", "pid", "log", "seed")]
        start("munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *files)
        wait(folder, lambda: (folder / "munge.socket").exists())
        start("slurmctld", "-D", "-f", f"{folder}/slurm.conf")
        start("slurmd", "-D", "-f", f"{folder}/slurm.conf", "-N", socket.gethostname())
        wait(folder, lambda: "idle" in answer(environment, "sinfo", "--noheader", "-o", "%T"))
        yield environment
    finally:
        if len(daemons) > 1:
            answer(environment, "scancel", "--signal=KILL", "--full", "--user", str(os.getuid()))
            answer(environment, "scancel", "--user", str(os.getuid()))
            quiet = lambda: not answer(environment, "squeue", "--noheader")  # noqa: E731
            with contextlib.suppress(RuntimeError):
                wait(folder, quiet, seconds=20)
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in reversed(daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        end_all(folder)
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def find(name: str) -> str | None:
    """Where a program lies; daemons are not in everyone's PATH."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def end_all(folder: Path) -> None:
    """End what jobs have left: without cgroups, a process that lost its parent is not found."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if bytes(folder) in (process / "environ").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


def write_settings(folder: Path) -> dict[str, str]:
    """The settings of a Slurm in `folder`, and the environment in which it is found."""
    folder.chmod(0o755)
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o600)
    (folder / "slurm.conf").write_text(
        SETTINGS.format(
            folder=folder,
            host=socket.gethostname(),
            user=os.environ.get("USER") or subprocess.getoutput("id -un"),
            ports=free_ports(2),
        )
    )
    # Not a GPU, but a thing to count: jobs get CUDA_VISIBLE_DEVICES.
    (folder / "gres.conf").write_text("Name=gpu File=/dev/zero\n")
    for name in PROGRAMS:
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {find(name)} "$@"\n')
        program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}


def steps(environment: dict[str, str]) -> list[Path]:
    """What the node has not ended: of each step of a job a socket, which the controller forgets."""
    spool = Path(environment["PATH"].split(":")[0]).parent / "spool"
    return list(spool.glob(f"{socket.gethostname()}_*.*"))


def answer(environment: dict[str, str], *command: str) -> str:
    """What a program of the scheduler's says; nothing if it fails."""
    program = shutil.which(command[0], path=environment["PATH"])
    run = subprocess.run(
        [program, *command[1:]], env=environment, capture_output=True, text=True, timeout=60
    )
    return run.stdout.strip()


def wait(folder: Path, condition, seconds: float = 60) -> None:
    """Until `condition` holds; else an error that shows what the daemons said."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            told = [
                f"{log.name}: {log.read_text(errors='replace')[-1000:]}"
                for pattern in ("*.out", "*.log")
                for log in folder.glob(pattern)
            ]
            raise RuntimeError("the scheduler did not get there:\n" + "\n".join(told))
        time.sleep(0.2)


if __name__ == "__main__":
    with running() as around:
        sys.exit(subprocess.run(sys.argv[1:], env=around).returncode)
