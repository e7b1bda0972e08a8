"""Tables and parts of pages."""

import pytest

from artifact.records import documents

PAGE = "before\n<!-- part: begin -->\nold\n<!-- part: end -->\nafter\n"


def test_a_part_takes_the_place_of_the_old_one_and_nothing_else():
    new = documents.put(PAGE, "part", "new\n")
    assert new == PAGE.replace("old", "new")
    assert documents.put(new, "part", "new\n") == new


@pytest.mark.parametrize("page", ["", PAGE + PAGE, PAGE.replace("end", "and")])
def test_a_page_without_its_marks_is_refused(page):
    with pytest.raises(ValueError, match="part: begin -->"):
        documents.put(page, "part", "new\n")


def test_a_table_has_a_head_of_its_keys_and_escapes_bars():
    rows = [{"a": "1", "b": "|x|"}, {"b": "4", "a": "3"}]
    head = "| a | b |\n| --- | --- |\n"
    assert documents.table(rows) == head + "| 1 | \\|x\\| |\n| 3 | 4 |\n"
