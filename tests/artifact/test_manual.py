"""The page of settings says what the code holds."""

from pathlib import Path

import pytest
import yaml

from artifact import manual

PAGE = manual.page()


def test_the_page_is_the_one_that_the_code_writes():
    assert manual.PAGE.read_text(encoding="utf-8") == PAGE, "python -m artifact.manual"


def test_the_readme_says_of_the_claims_what_the_archive_does():
    text = manual.README.read_text(encoding="utf-8")
    assert manual.readme(text) == text, "python -m artifact.manual"


def test_the_page_of_samplers_says_what_the_archive_does():
    text = manual.SAMPLERS.read_text(encoding="utf-8")
    assert manual.samplers(text) == text, "python -m artifact.manual"


def leaves(value, path=()):
    if isinstance(value, dict) and path[-1:] != ("variants",):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


PAPER = yaml.safe_load((Path(manual.ROOT) / "config/paper.yaml").read_text("utf-8"))


@pytest.mark.parametrize("group", PAPER)
def test_each_key_of_the_papers_settings_is_on_it_with_its_value(group):
    """Against the YAML itself: the page is made from the types."""
    for path, value in leaves({group: PAPER[group]}):
        inside = isinstance(PAPER[group], dict)
        heading = f"`{group}`" if inside else "Of a whole run"
        sections = PAGE.split("\n## ")
        (section,) = [s for s in sections if heading in s.splitlines()[0]]
        key = ".".join(path[1:] if inside else path)
        (row,) = [row for row in section.splitlines() if row.startswith(f"| `{key}` |")]
        assert all(cell.strip() for cell in row.split(" | ")[1:2]), "no sentence"
        told = row.rsplit(" | ", 1)[1].removesuffix(" |")
        own = [
            part.split(": ", 1)[1] for part in told.split("<br>") if part.startswith(f"{group}: ")
        ]
        shown = own[0] if own else told
        expected = list(value) if isinstance(value, dict) else value
        if isinstance(value, dict):
            assert shown.split(", ") == expected
        else:
            assert yaml.safe_load(shown) == expected
