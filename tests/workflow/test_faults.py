"""Faults, injected for real: whatever happens, the end is that of an undisturbed run, to the byte.

FAULTS=nightly (`make test-faults`) injects more of each, and writes the table of docs/faults.md.
"""

import errno
import gzip
import hashlib
import http.server
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.faults import Table, wait_for

from artifact import jobs
from artifact.claims import repeats
from artifact.engine.checkpoints import Folder
from artifact.problems import mnist
from artifact.records import integrity

NIGHTLY = os.environ.get("FAULTS") == "nightly"
RANDOM = random.Random(20261123)

SWEEP = "temperatures: [0.2, 1.0], examples: [200], burn_in: 40, samples: 40, test_examples: 100"
# The table too: Snakemake does not make a missing one again for a figure that is there.
TARGET = ["--", "figures/fig2.pdf", "results/smoke/tables/fig2.csv"]
LOG = "background.log"
SMOKE = ["--cores", "1", "--config", "scale=smoke"]
COMMAND = [*SMOKE, f"fig2={{{SWEEP}, repeats: 2}}", *TARGET]


@pytest.fixture(scope="module")
def table():
    return Table("make test-faults")


def results(clone):
    """What must not change: numbers and figure, not the seconds in the records."""
    found = sorted(clone.path.glob("results/smoke/*/**/*.csv"))
    found += [clone.path / "figures/fig2.pdf"]
    return {str(path.relative_to(clone.path)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def bench(tmp_path_factory, clone):
    """A clone that keeps a checkpoint as often as it can."""
    copy = type(clone)(tmp_path_factory.mktemp("bench"))
    source = copy.path / "src/artifact/engine/checkpoints.py"
    text = source.read_text()
    assert "every: float = 60.0" in text
    source.write_text(text.replace("every: float = 60.0", "every: float = 1.0"))
    return copy


@pytest.fixture(scope="module")
def undisturbed(bench):
    run = bench.snakemake(*COMMAND)
    assert run.returncode == 0, run.stderr[-3000:]
    return results(bench)


@pytest.fixture
def anew(bench, undisturbed):
    """The bench without results."""
    clear(bench)
    return bench


def clear(clone):
    for folder in ("results/smoke", "figures", ".snakemake"):
        shutil.rmtree(clone.path / folder, ignore_errors=True)


def start(clone, *arguments):
    """`snakemake ARGUMENTS` in the background."""
    environment = {**os.environ, "PYTHONPATH": str(clone.path / "src")}
    with (clone.path / LOG).open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=clone.path,
            env=environment,
            stdout=log,
            stderr=log,
        )


def recovers(clone, running, undisturbed):
    """Whether a run in the background ends as undisturbed; what is printed is shown by pytest."""
    if running.wait(900) != 0:
        print((clone.path / LOG).read_text()[-6000:])
        return False
    found = results(clone)
    different = {path for path in found | undisturbed if found.get(path) != undisturbed.get(path)}
    print("not as undisturbed:", different)
    return not different


def job(clone):
    """The process id of a training job in a clone, or None."""
    mark = f"{clone.path}/.snakemake/scripts/"
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except (OSError, UnicodeDecodeError):
            continue
        if len(words) > 1 and words[1].startswith(mark) and words[1].endswith("chains.py"):
            return int(folder.name)
    return None


def end(pid):
    """Kill a process without mercy, if it is there, and wait until it is gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    wait_for(lambda: not Path(f"/proc/{pid}/exe").exists())
    return True


def damage(path, kind):
    """Flip a bit, or cut the file short."""
    content = bytearray(path.read_bytes())
    if kind == "flipped":
        content[RANDOM.randrange(len(content))] ^= 1 << RANDOM.randrange(8)
        path.write_bytes(content)
    else:
        path.write_bytes(content[: RANDOM.randrange(len(content) - 1)])


def test_jobs_killed_and_their_checkpoints_damaged(anew, undisturbed, table):
    """Every other kill is followed by damage to the checkpoint that the next attempt finds."""
    times = 10 if NIGHTLY else 3
    # One job may meet every kill, and after each an attempt that refuses what was damaged.
    command = ["--retries", str(2 * times), *COMMAND]
    running = start(anew, *command)
    done = Counter()
    while done["killed"] < times:
        if running.poll() is not None:  # on a fast machine: once more, from nothing
            assert recovers(anew, running, undisturbed)
            clear(anew)
            running = start(anew, *command)
        pid = job(anew)
        if pid is None:
            time.sleep(0.1)
            continue
        time.sleep(RANDOM.uniform(0, 10))
        if not end(pid):
            continue
        done["killed"] += 1
        kept = [path for path in anew.path.glob("results/smoke/checkpoints/**/*") if path.is_file()]
        kept = sorted((path for path in kept if path.stat().st_size > 1), key=lambda p: p.name)
        if kept and done["killed"] % 2:
            kind = RANDOM.choice(["flipped", "cut short"])
            damage(RANDOM.choice(kept), kind)
            done[kind] += 1
    same = recovers(anew, running, undisturbed)
    table.add("kill -9 of a training job", same, times=done["killed"])
    for kind in ("flipped", "cut short"):
        if done[kind]:
            table.add(f"a checkpoint's file {kind}", same, times=done[kind])


def test_snakemake_killed_and_called_twice(anew, undisturbed, table):
    times = 2 if NIGHTLY else 1
    for _ in range(times):
        running = start(anew, *COMMAND)
        wait_for(lambda: job(anew))
        time.sleep(RANDOM.uniform(0, 5))
        end(running.pid)
        running.wait()
        refused = anew.snakemake(*COMMAND)
        assert refused.returncode != 0
        assert "unlock" in refused.stderr
        assert anew.make("unlock").returncode == 0
    # The last one's job may still run: it writes the same bytes.
    running = start(anew, *COMMAND)
    wait_for((anew.path / ".snakemake/locks/0.output.lock").exists)
    refused = anew.snakemake(*COMMAND)
    at_once = refused.returncode != 0 and "unlock" in refused.stderr
    same = recovers(anew, running, undisturbed)
    table.add("kill -9 of Snakemake, its job left running", same, times=times)
    table.add("a second invocation meanwhile", same and at_once)


def test_damaged_results_are_named_and_made_again(bench, undisturbed, table):
    """Points', then tables': refused by whoever reads them, removed, made again."""
    folder = bench.path / "results/smoke"
    for found in [sorted(folder.glob("points/fig2/*")), sorted(folder.glob("tables/fig2*"))]:
        if "tables" in str(found[0]):  # fig2_runs.csv is read by claims only
            found = [path for path in found if path.name != "fig2_runs.csv"]
        chosen = found[::2] if len(found) > 3 else found[:1]
        kinds = [RANDOM.choice(["flipped", "cut short"]) for _ in chosen]
        for path, kind in zip(chosen, kinds, strict=True):
            damage(path, kind)
        figure = (bench.path / "figures/fig2.pdf").read_bytes()
        refused = bench.snakemake(*COMMAND)
        told = refused.stdout + refused.stderr
        assert refused.returncode != 0
        assert all(path.name in told for path in chosen), told[-3000:]
        drawn = bench.path / "figures/fig2.pdf"
        assert not drawn.exists() or drawn.read_bytes() == figure
        assert bench.snakemake(*COMMAND).returncode == 0
        for kind in kinds:
            table.add(f"a result {kind}, end to end", results(bench) == undisturbed)


def test_any_damage_to_a_result_is_refused(bench, undisturbed, table, tmp_path):
    """As above, one file at a time, without Snakemake around it."""
    folder = tmp_path / "results"
    shutil.copytree(bench.path / "results/smoke", folder)
    found = sorted(folder.glob("points/fig2/*")) + sorted(folder.glob("tables/*"))
    integrity.verify(found)
    for number in range(60 if NIGHTLY else 20):
        path = found[number % len(found)]
        kind = ("flipped", "cut short")[number // len(found) % 2]
        before = path.read_bytes()
        damage(path, kind)
        with pytest.raises(integrity.DamagedError, match=path.name) as caught:
            integrity.verify(found)
        assert "\n" not in str(caught.value)
        table.add(f"a result {kind}, read by a job", not path.exists())
        path.write_bytes(before)
        integrity.verify(found)


def test_any_damage_to_a_checkpoint_is_refused(table, tmp_path):
    """As by a kill above, one file at a time; where nothing that counts has changed, it is read."""
    state, rows = np.random.default_rng(0).normal(size=500), [{"x": 1 / 3}]
    folder = tmp_path / "checkpoints"
    for number in range(30 if NIGHTLY else 10):
        Folder(folder, "mark", every=0).save(7, state, rows)
        kept = sorted(path for path in folder.rglob("*") if path.is_file())
        kept = [path for path in kept if path.stat().st_size > 1]
        kind = ("flipped", "cut short")[number % 2]
        damage(RANDOM.choice(kept), kind)
        again = Folder(folder, "mark")
        try:
            step, found, record = again.restore(lambda step: state)
        except ValueError as error:
            fine = "was damaged" in str(error) and not folder.exists()
        else:
            fine = step == 7 and np.array_equal(found, state) and record == rows
        table.add(f"a checkpoint {kind}, read by a job", fine)
        again.clear()


def test_damaged_images_are_refused(table, tmp_path):
    images = mnist.embedded(500, seed=2)
    path = tmp_path / "mnist.npz"
    mnist.save(images, path)
    whole = path.read_bytes()
    for kind in ("flipped", "cut short") * (5 if NIGHTLY else 2):
        damage(path, kind)
        try:
            read = jobs._read("images", path)
        except integrity.DamagedError as error:
            fine = "mnist.npz" in str(error) and not path.exists()
        else:  # what was flipped is no image: a date, or the like
            fine = all(np.array_equal(a, b) for a, b in zip(read, images, strict=True))
        table.add(f"mnist.npz {kind}", fine)
        path.write_bytes(whole)


FAULTY = {
    "that stalls": None,
    "of HTML": lambda good: b"<!DOCTYPE html><title>Please log in</title>",
    "of the wrong bytes": lambda good: gzip.compress(gzip.decompress(good)[:-1] + b"!"),
    "that dies": lambda good: good[:-20],
}


def test_a_download_that_fails_is_had_elsewhere(table, tmp_path, monkeypatch):
    """Each of the four files, from a server that fails and then from one that does not."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("pooch.downloaders.DEFAULT_TIMEOUT", 1)
    whole = {}
    for name in mnist.FILES:
        shape = (3, 28, 28) if "images" in name else (3,)
        header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
        whole[f"{name}.gz"] = gzip.compress(header + RANDOM.randbytes(int(np.prod(shape))))
    pinned = {
        name.removesuffix(".gz"): hashlib.sha256(gzip.decompress(content)).hexdigest()
        for name, content in whole.items()
    }
    served = mnist.MNIST._replace(sha256=pinned)
    stop = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            _, kind, name = self.path.split("/")
            good = whole[name]
            self.send_response(200)
            if kind in "03":
                self.send_header("Content-Length", str(len(good)))
            self.end_headers()
            if kind == "0":
                stop.wait(60)
            elif kind == "good":
                self.wfile.write(good)
            else:
                self.wfile.write(list(FAULTY.values())[int(kind)](good))

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    undisturbed = mnist.download(
        served._replace(mirrors=[f"{address}/good/"]), tmp_path / "undisturbed"
    )
    for number, kind in enumerate(FAULTY):
        if number == 0 and not NIGHTLY:
            continue  # a second for each file
        cache = tmp_path / str(number)
        found = mnist.download(
            served._replace(mirrors=[f"{address}/{number}/", f"{address}/good/"]), cache
        )
        same = all(np.array_equal(a, b) for a, b in zip(found, undisturbed, strict=True))
        table.add(f"a download {kind}", same, times=len(whole))
    stop.set()
    server.shutdown()


def test_a_full_disk_and_a_read_only_one(anew, undisturbed, table):
    """A small tmpfs on results/, filled, then mounted read-only; needs root."""
    folder = anew.path / "results/smoke"
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("cannot mount a tmpfs here")
    filler = folder / "filler"
    try:
        for moment in ("at the start", "while a chain keeps checkpoints")[: 2 if NIGHTLY else 1]:
            running = start(anew, *COMMAND)
            if moment != "at the start":
                wait_for(lambda: list(folder.glob("checkpoints/**/_CHECKPOINT_METADATA")))
            fill(filler)
            assert running.wait(600) != 0
            filler.unlink()
            assert not (anew.path / "figures/fig2.pdf").exists()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        refused = anew.snakemake(*COMMAND)
        assert refused.returncode != 0
        assert "Read-only" in refused.stdout + refused.stderr
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        same = anew.snakemake(*COMMAND).returncode == 0 and results(anew) == undisturbed
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
    table.add("disk full (tmpfs)", same, times=2 if NIGHTLY else 1)
    table.add("results/ read-only (remounted)", same)


def fill(path):
    full = None
    with path.open("wb", buffering=0) as file:
        while full is None:
            try:
                file.write(bytes(4096))
            except OSError as error:
                full = error.errno
    assert full == errno.ENOSPC


def test_a_run_that_diverges_is_recorded_and_counted(bench, undisturbed, table):
    config = f"fig2={{{SWEEP}, repeats: 2, learning_rates: [0.1, 1.0e+38]}}"
    run = bench.snakemake(*SMOKE, config, *TARGET)
    assert run.returncode == 0, run.stderr[-3000:]
    runs = pd.read_csv(bench.path / "results/smoke/tables/fig2_runs.csv")
    lost = runs[runs["learning_rate"] > 1]
    assert len(lost) == 4
    assert (lost["diverged_at"] >= 0).all()
    judged = repeats.of_sweep(runs)
    entropy = judged["ensemble_cross_entropy"]
    assert np.isinf(entropy.xs(1e38, level="learning_rate", axis=1)).all(axis=None)
    summary = pd.read_csv(bench.path / "results/smoke/tables/fig2.csv")
    assert (summary[summary["learning_rate"] > 1]["diverged"] == 2).all()
    for path, content in undisturbed.items():
        if "points" in path:
            assert (bench.path / path).read_bytes() == content
    table.add("a chain that diverges", True, times=len(lost))
