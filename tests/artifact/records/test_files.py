"""Results are whole or absent."""

import pandas as pd
import pytest

from artifact.records import files


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result.csv"
    path.write_text("old")

    def write(temporary):
        temporary.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.replace(path, write)
    assert [p.name for p in tmp_path.iterdir()] == ["result.csv"]
    assert path.read_text() == "old"


def test_floats_survive_a_table_exactly(tmp_path):
    table = pd.DataFrame({"x": [0.1, 1 / 3, 1e-300, 12345678.123456789]})
    files.write_table(table, tmp_path / "t.csv")
    assert pd.read_csv(tmp_path / "t.csv").equals(table)
