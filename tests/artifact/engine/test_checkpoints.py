"""Checkpoints: whole, the job's own, and never read when damaged."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from artifact.engine.checkpoints import Folder, fingerprint

STATE = {"a": jnp.arange(6.0), "b": (jnp.ones((2, 2), int), ())}


def test_the_newest_state_and_its_record_come_back(tmp_path):
    first = Folder(tmp_path / "job", "mark", every=0)
    first.save(3, STATE, [{"x": 0.1}])
    first.save(5, {**STATE, "a": STATE["a"] + 1}, [{"x": 1 / 3}])
    step, state, record = Folder(tmp_path / "job", "mark").restore(lambda step: STATE)
    assert (step, record) == (5, [{"x": 1 / 3}])
    np.testing.assert_array_equal(state["a"], np.arange(6.0) + 1)
    assert state["b"][0].dtype == STATE["b"][0].dtype


def test_there_is_nothing_at_first_nor_after_clearing(tmp_path):
    checkpoints = Folder(tmp_path / "job", "mark", every=0)
    assert checkpoints.restore(lambda step: STATE) is None
    checkpoints.save(1, STATE, [])
    checkpoints.clear()
    assert not (tmp_path / "job").exists()
    assert checkpoints.restore(lambda step: STATE) is None


def test_checkpoints_are_kept_no_more_often_than_asked(tmp_path):
    checkpoints = Folder(tmp_path / "job", "mark", every=3600)
    checkpoints.save(1, STATE, [])
    assert checkpoints.restore(lambda step: STATE) is None


def test_a_job_of_other_settings_starts_anew(tmp_path):
    Folder(tmp_path / "job", "mark", every=0).save(1, STATE, [])
    assert Folder(tmp_path / "job", "other").restore(lambda step: STATE) is None
    assert Folder(tmp_path / "job", "mark").restore(lambda step: STATE) is None


def files(folder):
    """What holds something, largest first."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size]
    return sorted(found, key=lambda path: -path.stat().st_size)


def flip(path: Path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink])
def test_a_damaged_checkpoint_is_refused_and_removed(tmp_path, damage):
    """Each of its files in turn; what is still whole must be what was saved."""
    refused = 0
    for number in range(20):
        saved = Folder(tmp_path / "job", "mark", every=0)
        state = {**STATE, "a": jnp.asarray(np.random.default_rng(0).normal(size=500))}
        saved.save(1, state, [1.5])
        held = files(saved.mine)
        if number >= len(held):
            break
        damage(held[number])
        again = Folder(tmp_path / "job", "mark")
        try:
            found = again.restore(lambda step, state=state: state)
        except ValueError:
            refused += 1
            found = again.restore(lambda step, state=state: state)
            assert found is None
        if found is not None:
            np.testing.assert_array_equal(found[1]["a"], state["a"])
            assert found[2] == [1.5]
        again.clear()
    assert refused >= 1


def test_no_changed_digit_of_the_record_is_taken(tmp_path):
    """It is still JSON then, so that only the checkpoint's own digest tells."""
    saved = Folder(tmp_path / "job", "mark", every=0)
    saved.save(1, STATE, [{"x": 0.25}])
    (path,) = (path for path in files(saved.mine) if b"0.25" in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"0.25", b"0.75"))
    with pytest.raises(ValueError, match="its contents have changed"):
        Folder(tmp_path / "job", "mark").restore(lambda step: STATE)
    assert not saved.folder.exists()


def test_a_piece_is_made_once_and_its_seconds_count(tmp_path):
    made = []

    def make():
        made.append(1)
        return [{"x": 0.1, "y": float("inf")}, 3]

    first = Folder(tmp_path / "job", "mark")
    assert first.piece("a, b", make) == [{"x": 0.1, "y": float("inf")}, 3]
    assert first.spent == 0
    again = Folder(tmp_path / "job", "mark")
    assert again.piece("a, b", make) == [{"x": 0.1, "y": float("inf")}, 3]
    assert len(made) == 1
    assert 0 < again.spent < 1
    assert again.piece("c", lambda: 2) == 2
    assert Folder(tmp_path / "job", "other").piece("a, b", lambda: 5) == 5


def test_a_piece_keeps_the_order_of_its_keys(tmp_path):
    """That of a table's columns, which a killed job must not change."""
    Folder(tmp_path / "job", "mark").piece("a", lambda: {"y": 1, "x": 2})
    assert [*Folder(tmp_path / "job", "mark").piece("a", dict)] == ["y", "x"]


def change_a_digit(path: Path):
    path.write_text(path.read_text().replace("0.25", "0.75"))


@pytest.mark.parametrize("damage", [flip, cut, change_a_digit, lambda path: path.write_text("[]")])
def test_a_damaged_piece_is_refused_and_removed(tmp_path, damage):
    saved = Folder(tmp_path / "job", "mark")
    saved.piece("a", lambda: {"x": 0.25})
    (path,) = files(saved.mine)
    damage(path)
    with pytest.raises(ValueError, match="was damaged; removed it"):
        saved.piece("a", lambda: {"x": 0.5})
    assert saved.piece("a", lambda: {"x": 0.5}) == {"x": 0.5}


def test_what_would_not_come_back_as_it_is_is_no_piece(tmp_path):
    with pytest.raises(TypeError):
        Folder(tmp_path / "job", "mark").piece("a", lambda: np.float32(0.1))


def test_the_fingerprint_is_of_arguments_and_contents(tmp_path):
    path = tmp_path / "code.py"
    path.write_text("a = 1")
    mark = fingerprint({"x": 1.0}, [path])
    assert fingerprint({"x": 1.0}, [path]) == mark
    assert fingerprint({"x": 2.0}, [path]) != mark
    path.write_text("a = 2")
    assert fingerprint({"x": 1.0}, [path]) != mark
