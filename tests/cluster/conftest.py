"""A real Slurm on this machine: controller, node daemon and munge, started and stopped here."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
SETTINGS = Path("/etc/slurm")
"""Not a folder of our own: a job does not inherit SLURM_CONF, and its srun looks here."""

HINT = "as root on Debian: apt-get install slurm-wlm slurmctld slurmd slurm-client munge"

CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
MinJobAge=300
SchedulerParameters=sched_interval=1
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:1 State=UNKNOWN
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
"""


class Slurm:
    """The cluster, seen by its own programs."""

    def ask(self, *command: str) -> str:
        """What a program of Slurm prints."""
        run = subprocess.run(command, capture_output=True, text=True)
        assert run.returncode == 0, f"{command}: {run.stderr}"
        return run.stdout

    def jobs(self) -> list[dict[str, str]]:
        """Every job of the last minutes, with its state."""
        blocks = self.ask("scontrol", "show", "jobs", "--oneliner").splitlines()
        pairs = [[word.partition("=") for word in block.split()] for block in blocks]
        return [
            {name: value for name, _, value in block} for block in pairs if block[0][0] == "JobId"
        ]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """This machine's cores in partitions cpu and gpu; the GPU is none (/dev/zero)."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        pytest.fail(f"needs root, and {', '.join(missing) or 'nothing else'}; {HINT}")
    ours = [SETTINGS / "slurm.conf", SETTINGS / "gres.conf"]
    if any(path.exists() for path in ours):
        pytest.fail(
            f"{SETTINGS} holds a cluster's settings already: not to be replaced by a test's"
        )
    folder = tmp_path_factory.mktemp("slurm")
    for parent in (folder, *folder.parents):
        # munged runs as a user of its own.
        if parent.stat().st_uid == 0 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    host = socket.gethostname().partition(".")[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    config = CONFIG.format(
        host=host,
        folder=folder,
        port=free_port(),
        node_port=free_port(),
        cpus=os.cpu_count(),
        memory=int(0.9 * memory),
    )
    for name in ("state", "spool", "munge"):
        (folder / name).mkdir()
    (folder / "munge/key").write_bytes(os.urandom(1024))
    munge = pwd.getpwnam("munge")
    for path in (folder / "munge", folder / "munge/key"):
        os.chown(path, munge.pw_uid, munge.pw_gid)
        path.chmod(0o700 if path.is_dir() else 0o400)
    folder.chmod(0o1777)
    SETTINGS.mkdir(exist_ok=True)
    ours[0].write_text(config)
    ours[1].write_text(f"NodeName={host} Name=gpu File=/dev/zero\n")
    munged = [
        "munged", "--foreground", "--force", f"--key-file={folder}/munge/key",
        f"--socket={folder}/munge.socket", f"--pid-file={folder}/munge/pid",
        f"--log-file={folder}/munge/log", f"--seed-file={folder}/munge/seed",
    ]  # fmt: skip
    daemons = [
        subprocess.Popen(munged, user="munge", group="munge", extra_groups=[]),
        subprocess.Popen(["slurmctld", "-D"], stderr=subprocess.DEVNULL),
        subprocess.Popen(["slurmd", "-D", "-N", host], stderr=subprocess.DEVNULL),
    ]
    try:
        for _ in range(120):
            found = subprocess.run(
                ["sinfo", "--noheader", "--format=%T"],
                capture_output=True,
                text=True,
            )
            if "idle" in found.stdout:
                break
            time.sleep(0.5)
        else:
            logs = [path.read_text()[-2000:] for path in folder.glob("*.log")]
            pytest.fail("Slurm did not start: " + "\n".join([found.stderr, *logs]))
        yield Slurm()
    finally:
        subprocess.run(["scancel", "--user=root"], check=False)
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(timeout=30)
        for path in ours:
            path.unlink()


@pytest.fixture
def checkout(tmp_path):
    """What is committed and what is not yet, in a folder of its own."""
    root = Path(__file__).parents[2]
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, tracked.stdout.split("\0")):
        if (root / name).is_file():
            (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, tmp_path / "project" / name)
    return tmp_path / "project"


@pytest.fixture
def start(slurm):
    """`start(folder, *arguments)`: Snakemake in a checkout, beside the cluster."""

    def begin(folder: Path, *arguments: str) -> subprocess.Popen:
        inherited = {k: v for k, v in os.environ.items() if k != "MNIST_DIR"}
        programs = f"{Path(sys.executable).parent}:{inherited['PATH']}"
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=folder,
            env={**inherited, "PYTHONPATH": str(folder / "src"), "PATH": programs},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return begin
