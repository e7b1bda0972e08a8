"""What figures and tables show, in words."""

import pytest
from tests.artifact import small

from artifact import catalogue
from artifact.records import captions


@pytest.mark.parametrize("figure", catalogue.FIGURES)
def test_every_figure_says_how_it_is_read(figure):
    caption = captions.caption(catalogue.FIGURES[figure].module)
    assert "\n" not in caption.title + caption.text
    assert caption.title.startswith(("Fig. ", "Readings "))
    assert caption.text.endswith(".")
    assert len(caption.text) > 80


def test_every_table_that_is_made_has_a_title():
    config = small.config()
    told = captions.of_tables(config)
    made = {table for f in catalogue.FIGURES for table in catalogue.drawn(config, f).values()}
    assert {name.removesuffix("_runs") for name in made} | {"claims"} <= told.keys()
    assert all(one["title"] for one in told.values())


def test_a_module_that_says_its_title_alone_has_no_text(tmp_path, monkeypatch):
    (tmp_path / "drawn.py").write_text('"""Fig. 8: a title."""\nraise RuntimeError\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert captions.caption("drawn") == ("Fig. 8: a title.", "")
