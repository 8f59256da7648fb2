"""Find the nodes in lines of indented JSON, and fold them."""

from __future__ import annotations

from typing import NamedTuple

from sloth_tui.text import format_count


class Node(NamedTuple):
    """An object or list that spans several lines."""

    end: int
    """The number of its last line."""
    members: int
    path: str
    """Unique in the document, and the same in later versions of it."""
    whole: bool
    """True if its end is among the lines."""


def find_nodes(lines: list[str]) -> dict[int, Node]:
    """Return number of the first line -> node, for all objects and lists but the outermost."""
    found: dict[int, Node] = {}
    open_: list[tuple[int, str]] = []
    members: list[int] = []
    for number, line in enumerate(lines):
        text = line.strip()
        if text[:1] in ("}", "]") and open_:
            start, path = open_.pop()
            found[start] = Node(number, members.pop(), path, True)
            continue
        if members:
            members[-1] += 1
        if text[-1:] in ("{", "["):
            place = f"{text}{members[-1] if members and len(text) == 1 else ''}"
            open_.append((number, f"{open_[-1][1]}\n{place}" if open_ else place))
            members.append(0)
    for (start, path), count in zip(open_, members, strict=True):
        found[start] = Node(len(lines) - 1, count, path, False)
    found.pop(0, None)
    return found


def fold(lines: list[str], known: dict[int, Node], folded: set[str]) -> tuple[list[str], list[int]]:
    """Return the lines to show with the nodes of these paths folded, and the original number of each."""
    shown: list[str] = []
    numbers: list[int] = []
    number = 0
    while number < len(lines):
        line, node = lines[number], known.get(number)
        if node is None:
            shown.append(line)
        elif node.path in folded:
            shown.append(_marked(line, "▸") + _inside(lines[node.end], node))
        else:
            shown.append(_marked(line, "▾"))
        numbers.append(number)
        number = node.end + 1 if node is not None and node.path in folded else number + 1
    return shown, numbers


def _marked(line: str, mark: str) -> str:
    """Return ``line`` with a mark in its indentation of at least two cells."""
    text = line.lstrip(" ")
    return " " * (len(line) - len(text) - 2) + mark + " " + text


def _inside(last: str, node: Node) -> str:
    count = format_count(node.members, "member")
    return f" … {count} {last.strip()}" if node.whole else f" … {count} and more"
