"""What a long job has done so far, on disk, from which a killed one goes on to the same bytes."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from artifact.records import files
from artifact.refusals import RefusedError

VERSION = "2"
"""Of what is kept; a checkpoint of another is not read."""


def fingerprint(arguments: Mapping[str, Any], files: Iterable[Path]) -> str:
    """What a job's numbers depend on: its arguments, its files' contents, its packages."""
    digest = hashlib.sha256(json.dumps(arguments, sort_keys=True, default=str).encode())
    digest.update(f"{VERSION} {jax.__version__} {np.__version__}".encode())
    for path in sorted(files):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Folder:
    """A folder of one job's checkpoints, of which the newest is kept.

    Orbax writes each whole or not at all. The folder is named by the job's fingerprint, so
    that a job with other settings or other code never goes on from it.
    """

    def __init__(self, folder: Path, fingerprint: str, every: float = 60.0) -> None:
        """Checkpoints of a job under `folder`, one per `every` seconds at most."""
        self.folder = Path(folder).absolute()
        self.mine = self.folder / fingerprint
        self.every = every
        self.spent = 0.0
        self._last = self._started = time.monotonic()
        for other in self.folder.glob("*"):
            if other != self.mine:
                shutil.rmtree(other)

    def restore(self, like: Callable[[int], Any]) -> tuple[int, Any, Any] | None:
        """(step, state, record) of the newest checkpoint, or None.

        Args:
            like: a state as one of a step is, by the step.

        Raises:
            RefusedError: it was damaged; it is removed, so that the next attempt starts anew.
        """
        if not self.mine.is_dir():
            return None
        with self._manager() as manager:
            step = manager.latest_step()
            if step is None:
                return None
            import orbax.checkpoint as ocp

            expected = like(step)
            try:
                found = manager.restore(
                    step,
                    args=ocp.args.Composite(
                        state=ocp.args.StandardRestore(expected), record=ocp.args.JsonRestore()
                    ),
                )
                content = dict(found["record"])
                whole = content.pop("sha256") == _digest(found["state"], content)
            except Exception as error:
                whole, reason = False, f"{type(error).__name__}: {error}"
            else:
                reason = "its contents have changed"
        if not whole:
            self.clear()
            raise RefusedError(f"checkpoint {self.mine}/{step} was damaged ({reason}); removed it")
        self.spent = content["seconds"]
        return step, found["state"], content["record"]

    def save(self, step: int, state: Any, record: Any) -> None:
        """Keep a state and a JSON record, unless the last was kept a short while ago."""
        now = time.monotonic()
        if now - self._last < self.every:
            return
        import orbax.checkpoint as ocp

        content = {"record": record, "seconds": self.spent + now - self._started}
        with self._manager() as manager:
            manager.save(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardSave(state),
                    record=ocp.args.JsonSave({**content, "sha256": _digest(state, content)}),
                ),
            )
        self._last = time.monotonic()

    def piece(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, a JSON value, kept under a name for the next attempt.

        Raises:
            RefusedError: what an earlier attempt kept was damaged; it is removed.
        """
        path = self.mine / f"{name}.json"
        if not path.is_file():
            started = time.monotonic()
            content = {"made": make(), "seconds": time.monotonic() - started}
            # Its keys in their order, which is that of a table's columns.
            files.write_text(json.dumps({**content, "sha256": _digest((), content)}), path)
            return content["made"]
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            whole = content.pop("sha256") == _digest((), content)
        except (ValueError, KeyError, AttributeError, TypeError):
            whole = False
        if not whole:
            path.unlink()
            raise RefusedError(f"checkpoint {path} was damaged; removed it")
        self.spent += content["seconds"]
        return content["made"]

    def clear(self) -> None:
        """Remove them: the result is written, or they are of no use."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _manager(self) -> Any:
        # Imported late: it takes longer than most jobs' whole start.
        import orbax.checkpoint as ocp

        options = ocp.CheckpointManagerOptions(max_to_keep=1, enable_async_checkpointing=False)
        return ocp.CheckpointManager(self.mine, options=options)


def _digest(state: Any, content: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for leaf in jax.tree.leaves(state):
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()
