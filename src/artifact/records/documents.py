"""What programs write into Markdown: tables, and parts of a page that a person writes."""

from collections.abc import Iterable, Mapping


def table(rows: Iterable[Mapping[str, str]]) -> str:
    """A table in Markdown, its head from the keys of the rows, which are the same in all."""
    listed = list(rows)
    head = list(listed[0])
    lines = [head, ["---"] * len(head), *([row[key] for key in head] for row in listed)]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def put(text: str, name: str, part: str) -> str:
    """A page with the part between its marks `<!-- name: begin -->` and `<!-- name: end -->` anew.

    Raises:
        ValueError: the marks do not stand there once each.
    """
    begin, end = (f"<!-- {name}: {edge} -->\n" for edge in ("begin", "end"))
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"page must hold {begin.strip()} and {end.strip()} once each")
    before, rest = text.split(begin)
    return before + begin + part + end + rest.split(end)[1]
