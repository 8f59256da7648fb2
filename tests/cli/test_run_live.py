"""A run that a person watches: what is on the terminal while it runs, and what is left of it afterwards."""

from __future__ import annotations

import re
import sys
import termios
from typing import TYPE_CHECKING

import pexpect
import pyte
import pytest

from tests.cli.support import COLUMNS, LINES, final_screen, on_terminal, piped
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


_OWN_CODES = re.compile(rb"\x1b\[(?:[0-9;]*m|\?25[lh]|2K|1A)|[\r\n]")
_RAW_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")

GATED = """
task({name = "prepare", run = function() state.set("ready", true) end})
task({name = "wait for it", depends_on = {"prepare"}, run = function()
  print("looking [bold]around\\27[2J")
  cmd({command = "until test -e open; do sleep 0.05; done"})
  state.set("opened", 1)
  state.set("opened", 2)
  state.set("other", 1)
end})
"""


class Watched:
    """The program on a terminal, and what that shows."""

    def __init__(self, directory: Path, text: str, *words: str) -> None:
        (directory / "tasks.lua").write_text(text)
        self.process: pexpect.spawn[bytes] = pexpect.spawn(
            sys.executable,
            ["-m", "sloth_tui", "run", "tasks.lua", *words],
            cwd=str(directory),
            dimensions=(LINES, COLUMNS),
            timeout=60,
        )
        self.before = termios.tcgetattr(self.process.child_fd)
        self.screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self.screen)

    def look(self) -> str:
        """Return what the terminal shows now."""
        try:
            while True:
                self._stream.feed(self.process.read_nonblocking(65536, timeout=0.02))
        except (pexpect.TIMEOUT, pexpect.EOF):
            return self._shown()

    def end(self) -> str:
        """Wait for the end; the last screen."""
        self._stream.feed(self.process.read())
        self.process.close()
        return self._shown()

    def _shown(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setenv("TERM", "xterm-256color")
    watched = Watched(tmp_path, GATED)
    yield watched
    watched.process.close(force=True)


def test_the_task_that_runs_is_shown_with_its_time_and_last_line(gated: Watched, tmp_path: Path) -> None:
    live = r"^\[2/2\] wait for it \ds looking \[bold\]around␛\[2J$"
    wait_until(lambda: re.search(live, gated.look(), re.MULTILINE), what="the live line")
    wait_until(lambda: re.search(r"^\[2/2\] wait for it [1-9]s ", gated.look(), re.MULTILINE))
    assert not gated.screen.cursor.hidden
    (tmp_path / "open").touch()
    shown = gated.end()
    assert gated.process.exitstatus == 0
    lines = shown.splitlines()
    assert "task wait for it" in lines
    assert "  looking [bold]around␛[2J" in lines
    assert "  changed opened: 1 -> 2" in lines
    assert not re.search(r"^\[", shown, re.MULTILINE)
    heading = next(number for number, line in enumerate(lines) if line.startswith("TASK "))
    headings = " ".join(lines[heading].split())
    assert headings == "TASK RESULT DURATION CHANGED AS WANTED KEYS CHANGED"
    rows = [re.split(r"\s{2,}", line) for line in lines[heading + 2 : heading + 4]]
    assert [(row[0], row[1], *row[3:]) for row in rows] == [
        ("prepare", "done", "0", "0", "1"),
        ("wait for it", "done", "1", "0", "2"),
    ]
    assert re.fullmatch(r"run done in [\d.]+s: 2 done; 1 resource changed, 4 key changes", lines[-1])


def test_a_line_that_is_not_at_its_end_is_shown_as_it_reads_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    command = r"printf '40 %%\\r41 %%'; until test -e open; do sleep 0.05; done; printf '\\r100 %%\\n'"
    watched = Watched(tmp_path, f'task({{name = "load", run = function() cmd("{command}") end}})')
    try:
        live = r"^\[1/1\] load \ds 41 %$"
        wait_until(lambda: re.search(live, watched.look(), re.MULTILINE), what="the live line")
        (tmp_path / "open").touch()
        shown = watched.end()
    finally:
        watched.process.close(force=True)
    assert "  100 %" in shown.splitlines()
    assert "41 %" not in shown


def test_a_task_for_several_hosts_is_shown_with_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    text = """
    task({name = "meet", delegate_to = {"local", "localhost"}, run = function()
      if run.host == "localhost" then cmd("until test -e half; do sleep 0.05; done") return end
      print("looking around")
      cmd("until test -e open; do sleep 0.05; done")
    end})
    """
    watched = Watched(tmp_path, text)
    try:
        live = r"^\[1/2\] meet on 2 hosts \d+s local \| looking around$"
        wait_until(lambda: re.search(live, watched.look(), re.MULTILINE), what="the live line")
        (tmp_path / "half").touch()
        wait_until(lambda: re.search(r"^\[2/2\] meet on local \d+s ", watched.look(), re.MULTILINE))
        (tmp_path / "open").touch()
        lines = watched.end().splitlines()
        rows = [line.split()[:3] for line in lines if line.startswith(("TASK ", "meet "))]
        assert sorted(rows) == [
            ["TASK", "HOST", "RESULT"],
            ["meet", "local", "done"],
            ["meet", "localhost", "done"],
        ]
    finally:
        watched.process.close(force=True)


@pytest.mark.parametrize("how", ["\x03", "terminate"])
def test_a_run_that_is_stopped_leaves_the_terminal_as_it_was(gated: Watched, how: str) -> None:
    wait_until(lambda: "[2/2] wait for it" in gated.look(), what="the live line")
    if how == "terminate":
        gated.process.kill(15)
    else:
        gated.process.send(how)
    shown = gated.end()
    assert gated.process.exitstatus == (143 if how == "terminate" else 130)
    assert not gated.screen.cursor.hidden
    assert "[2/2]" not in shown
    assert shown.endswith("error: the run was stopped")
    assert re.search(r"^wait for it +cancelled ", shown, re.MULTILINE)
    assert piped("state", "get", "opened").code == 3


def test_the_terminal_keeps_its_modes(gated: Watched, tmp_path: Path) -> None:
    wait_until(lambda: "[2/2] wait for it" in gated.look(), what="the live line")
    assert termios.tcgetattr(gated.process.child_fd) == gated.before
    (tmp_path / "open").touch()
    gated.end()


HOSTILE = """
task({name = "a\\27[31m[red]\\194\\155b", run = function()
  print("begun anew \\r\\27]52;c;aGk=\\7 [/x] \\226\\128\\174")
  state.set("k\\27[2J", "\\27[5m")
  error("bad \\27]0;title\\7")
end})
"""


def run_text(directory: Path, text: str, **terminal: object) -> bytes:
    path = directory / "tasks.lua"
    path.write_text(text)
    return on_terminal("run", str(path), **terminal).stdout  # type: ignore[arg-type]


@pytest.fixture
def capable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.usefixtures("capable")
def test_nothing_that_comes_from_a_task_acts_on_the_terminal(tmp_path: Path) -> None:
    data = run_text(tmp_path, HOSTILE)
    assert not _RAW_CONTROL.search(_OWN_CODES.sub(b"", data).decode())
    shown = final_screen(data)
    assert "  ␛]52;c;aGk=␇ [/x] \\u202e" in shown
    assert "task a␛[31m[red]\\x9bb" in shown


@pytest.mark.usefixtures("capable")
@pytest.mark.parametrize("columns", [8, 20, 40, 200])
def test_the_live_line_never_needs_two(columns: int, tmp_path: Path) -> None:
    """A second line would not be taken away again."""
    said = "漢" * 150
    task = "n" * 60
    text = f'task({{name = "{task}", run = function() print("{said}") cmd("sleep 0.4") end}})'
    shown = final_screen(run_text(tmp_path, text, columns=columns), columns)
    assert not re.search(r"^\[1/1\]", shown, re.MULTILINE)
    assert shown.replace("\n", "").replace(" ", "").count("漢") == 150


@pytest.mark.usefixtures("capable")
def test_a_terminal_that_knows_no_unicode_gets_escapes(tmp_path: Path) -> None:
    text = 'task({name = "café 漢", run = function() print("né 漢") cmd("sleep 0.3") end})'
    shown = final_screen(run_text(tmp_path, text, encoding="ascii"))
    assert "  n\\xe9 \\u6f22\n" in shown
    assert "[1/1]" not in shown


@pytest.mark.parametrize("kind", ["dumb", None])
def test_a_terminal_that_can_do_nothing_gets_plain_lines(
    kind: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind is None:
        monkeypatch.delenv("TERM", raising=False)
    else:
        monkeypatch.setenv("TERM", kind)
    data = run_text(tmp_path, 'task({name = "hi", run = function() print("hi") end})')
    assert b"\x1b" not in data
    assert data.endswith(b": 1 done\n")


@pytest.mark.usefixtures("capable")
def test_no_line_is_lost_and_none_changes_places(tmp_path: Path) -> None:
    data = run_text(
        tmp_path, 'task({name = "t", run = function() for i = 1, 10000 do print("#" .. i) end end})'
    )
    assert [int(number) for number in re.findall(rb"  #(\d+)\n", data)] == [*range(1, 10001)]


@pytest.mark.usefixtures("capable")
def test_a_file_that_cannot_be_run_has_no_table(tmp_path: Path) -> None:
    path = tmp_path / "tasks.lua"
    path.write_text("task({")
    result = on_terminal("run", str(path))
    assert result.code == 2
    assert final_screen(result.stdout).strip() == ""
    assert result.err.startswith("error: tasks.lua:1: ")


def test_tabs_and_carriage_returns_of_output_are_what_they_are_on_a_terminal(tmp_path: Path) -> None:
    said = "print('a', 1) print('b\\t2\\r') print('10%\\r50%\\r100%') print('123456\\t7')"
    (tmp_path / "tasks.lua").write_text(f"task({{name = 't', run = function() {said} end}})")
    shown = final_screen(on_terminal("run", str(tmp_path / "tasks.lua")).stdout).split("\n")
    assert [line for line in shown if line.startswith("  ")][:4] == [
        "  a     1",
        "  b     2",
        "  100%",
        "  123456        7",
    ]


def test_the_live_line_shows_the_last_state_of_a_line(tmp_path: Path) -> None:
    waiting = "print('10%\\r50%\\t!\\r') cmd('until test -e open; do sleep 0.05; done')"
    watched = Watched(tmp_path, f"task({{name = 't', run = function() {waiting} end}})")
    try:
        wait_until(lambda: re.search(r"\[1/1\] t \d+s 50%     !", watched.look()), seconds=60)
    finally:
        (tmp_path / "open").touch()
        watched.process.expect(pexpect.EOF)
        watched.process.close()


DIFFERS = """
task({name = "a", run = function()
  file.write("f", "one\\n[bold]\\27[2J\\n")
  file.write("f", "two\\n[bold]\\27[2J\\n")
end})
"""


@pytest.mark.parametrize("plain", [False, True], ids=["coloured", "plain"])
def test_a_diff_is_coloured_on_a_terminal_unless_colours_are_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
    watched = Watched(tmp_path, DIFFERS, "--diff")
    lines = watched.end().splitlines()
    assert watched.process.exitstatus == 0
    first = lines.index("  changed file f: content")
    assert lines[first : first + 7] == [
        "  changed file f: content",
        "    --- f",
        "    +++ f (wanted)",
        "    @@ -1,2 +1,2 @@",
        "    -one",
        "    +two",
        "     [bold]␛[2J",
    ]
    colours = [watched.screen.buffer[first + 4 + number][4].fg for number in range(2)]
    assert colours == (["default", "default"] if plain else ["red", "green"])
