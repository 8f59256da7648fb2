"""What happens in a run is told in the same words on stdout, on a terminal and on the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest

from sloth_tui.cli.output.stdout import Output
from sloth_tui.cli.running.follow import follow
from sloth_tui.errors import SlothError
from sloth_tui.masking import holds_secret
from sloth_tui.model import TextPiece
from sloth_tui.runner import events
from sloth_tui.runner.describe import RunDescriber, plain_text
from sloth_tui.runner.protocol import public_line
from sloth_tui.runner.request import RunRequest
from sloth_tui.settings import Settings
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from sloth_tui.tui.widgets.run_roles import ROLE_STYLES
from tests.tui.run_screen.output import showing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.runner.events import RunEvent

STORY: list[tuple[RunEvent, str]] = [
    (
        events.RunStarted("id", "deploy\x1b.lua", "lo\x07cal", ["build", "ship"], 0.0),
        "run deploy␛.lua on agent lo␇cal: 2 tasks",
    ),
    (events.TaskOutput(None, "print", "while loading"), "  while loading"),
    (events.TaskStarted("bui\nld", 0.0), "task bui␊ld"),
    (events.TaskOutput("build", "stdout", "old\rnew \x1b[31m"), "  new ␛[31m"),
    (events.TaskOutput("build", "stderr", "beware"), "  ! beware"),
    (
        events.KeyChanged("build", "new\nkey", None, {"a": [1, True]}, 1, created=True),
        '  changed new␊key: absent -> {"a":[1,true]}',
    ),
    (
        events.KeyChanged("build", "version", "v1", "v" * 100, 2),
        f'  changed version: "v1" -> "{"v" * 59}… +42 more chars',
    ),
    (
        events.KeyChanged("build", "big", "beginning", None, 3, shortened=True, deleted=True),
        '  changed big: "beginning"… -> absent',
    ),
    (
        events.KeyChanged("build", "app:password", "hunter2", "hunter3", 4),
        "  changed app:password: (secret) -> (secret)",
    ),
    (
        events.KeyChanged("build", "login", None, None, 5, secret=True, created=True),
        "  changed login: absent -> (secret)",
    ),
    (
        events.Resource("build", "local", "file", "/f\x1b", True, False, ["content", "mode 0600 -> 0644"]),
        "  changed file /f␛: content, mode 0600 -> 0644",
    ),
    (
        events.Resource("build", "web1", "line", "/f", True, False, ["created"]),
        "  changed line in /f on web1: created",
    ),
    (events.Resource("build", "local", "command", "ls", True, True, []), "  would run 'ls'"),
    (
        events.Resource("build", "local", "link", "/l", True, True, ["target"]),
        "  would change link /l: target",
    ),
    (events.Warned("build", "lock '\x1b' left behind"), "  warning: lock '␛' left behind"),
    (events.TaskFinished("bui\nld", "done", 1.25, 5, None, None), "  done in 1.25s, 5 changes"),
    (events.TaskStarted("ship", 0.0), "task ship"),
    (events.Stopping("ship", 1, 3.0), "  stopping: waiting up to 3s for 1 process to end"),
    (
        events.TaskFinished("ship", "failed", 75.0, 1, "deploy.lua:3: bo\x1bom", "trace"),
        "  failed in 1m 15s, 1 change: deploy.lua:3: bo␛om",
    ),
    (
        events.TaskFinished("te\x1bll", "skipped", 0.0, 0, "depends on 'ship', which failed", None),
        "task te␛ll skipped: depends on 'ship', which failed",
    ),
    (events.TaskStarted("web", 0.0, "web\x1b1"), "task web on web␛1"),
    (events.TaskStarted("web", 0.0, "web2"), "task web on web2"),
    (events.TaskOutput("web", "stdout", "up", "web\x1b1"), "  web␛1 | up"),
    (events.TaskOutput("web", "stderr", "slow", "web2"), "  web2 | ! slow"),
    (
        events.KeyChanged("web", "n", 1, 2, 6, host="web2"),
        "  web2 | changed n: 1 -> 2",
    ),
    (events.Warned("web", "late", "web2"), "  web2 | warning: late"),
    (
        events.Stopping("web", 1, 3.0, "web2"),
        "  web2 | stopping: waiting up to 3s for 1 process to end",
    ),
    (events.TaskFinished("web", "done", 1.0, 0, None, None, "web\x1b1"), "  web␛1 | done in 1s"),
    (events.TaskFinished("web", "failed", 1.0, 1, "no", None, "web2"), "  web2 | failed in 1s, 1 change: no"),
    (
        events.TaskFinished("next", "skipped", 0.0, 0, "'web' failed on this host", None, "web2"),
        "task next on web2 skipped: 'web' failed on this host",
    ),
    (events.KeyRestored("version", b"\xff", "v1", 6), 'took back version: {"base64":"/w=="} -> "v1"'),
    (events.KeyRestored("new\nkey", 1, None, 7, deleted=True), "took back new␊key: 1 -> absent"),
    (
        events.RunFinished("id", "failed", 20, 76.5, "1 task failed, 1 skipped", None),
        "run failed in 1m 16s: 2 done, 2 failed, 2 skipped",
    ),
]
WORDS = [words for _, words in STORY]


class Scripted:
    """A supervisor of a run in which all of this happens."""

    def __init__(self, *_: object, **__: object) -> None:
        self.run = "id"

    def events(self) -> Iterator[RunEvent]:
        for event, _ in STORY:
            yield event

    def stop(self, signal_number: int = 0) -> None:
        pass

    def heed_signals(self) -> None:
        pass


def shown_by_cli(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
    monkeypatch.setattr("sloth_tui.cli.running.follow.Supervisor", Scripted)
    out = Output()
    out.terminal = terminal
    with pytest.raises(SlothError, match="1 task failed, 1 skipped"):
        follow(
            RunRequest("deploy.lua", "local"),
            None,  # type: ignore[arg-type]  # nothing is run
            out,
            settings=Settings,
            as_json=False,
            traces=False,
        )
    out.flush()


def test_the_story_has_every_kind_of_event() -> None:
    assert {type(event) for event, _ in STORY} == set(get_args(events.RunEvent)) == set(events.KINDS.values())


def test_a_pipe_gets_these_words(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    shown_by_cli(monkeypatch, terminal=False)
    assert capfdbinary.readouterr().out.decode().splitlines() == WORDS


_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.mark.parametrize("colours", [True, False], ids=["colours", "no colours"])
def test_a_terminal_gets_these_words_in_styles(
    colours: bool, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    shown_by_cli(monkeypatch, terminal=True)
    raw = capfdbinary.readouterr().out.decode()
    lines = [line.rpartition("\r")[2] for line in _CODES.sub("", raw).splitlines()]
    told = [words + "; press ctrl+c again to kill" if "stopping:" in words else words for words in WORDS]
    assert [line for line in lines if line in told] == told
    assert ("\x1b[31mfailed\x1b[0m" in raw) is colours
    assert ("\x1b[33mwarning: " in raw) is colours
    assert "\x1b[1mtask ship\x1b[0m" in raw


@pytest.mark.slow
async def test_the_screen_shows_these_words(base: Path) -> None:
    buffer = OutputBuffer(lambda key: holds_secret(key, Settings().secret_segments), how_to_kill="S again")
    buffer.add(public_line(event) for event, _ in STORY)
    async with showing(buffer, size=(200, 80)) as output:
        told = [words + "; S again to kill" if "stopping:" in words else words for words in WORDS]
        colour = "␛[31m"  # rendered, as the command meant it
        assert output.shown() == [words.replace(colour, "").strip() for words in told]


def test_every_role_has_a_style_on_the_screen() -> None:
    describer = RunDescriber(traces=True)
    roles = {piece.role for event, _ in STORY for line in describer.lines(event) for piece in line}
    assert roles <= ROLE_STYLES.keys()


def test_a_traceback_is_told_on_request() -> None:
    failed = events.TaskFinished("t", "failed", 1.0, 0, "f.lua:1: no", "trace:\n\tf.lua:\x1b1")
    broken = events.RunFinished("id", "error", 2, 0.1, "f.lua:1: no", None, "trace:\n\tf.lua:1")
    with_traces, without = RunDescriber(traces=True), RunDescriber()
    assert [plain_text(line) for line in with_traces.lines(failed)] == [
        "  failed in 1s: f.lua:1: no",
        "    trace:",
        "      f.lua:␛1",
    ]
    assert [plain_text(line) for line in with_traces.lines(broken)] == ["    trace:", "      f.lua:1"]
    assert len(without.lines(failed)) == 1
    assert without.lines(broken) == []


def test_a_text_of_a_task_is_cut_at_the_limit() -> None:
    describer = RunDescriber(limit=10)
    for event in (
        events.TaskOutput("t", "print", "x" * 100),
        events.TaskStarted("x" * 100, 0.0),
        events.KeyChanged("t", "x" * 100, None, None, 1, created=True, deleted=True),
    ):
        (line,) = describer.lines(event)
        assert f"{'x' * 9}…" in plain_text(line)
        assert "x" * 10 not in plain_text(line)
        assert all(isinstance(piece, TextPiece) for piece in line)


QUIET: list[events.Resource] = [
    events.Resource("t", "local", "file", "/f", False, False, []),
    events.Resource("t", "local", "command", "ls", True, False, []),
    events.Resource("t", "local", "command", "ls", False, True, ["creates /x"]),
]


@pytest.mark.parametrize("event", QUIET, ids=["as wanted", "ran", "would not run"])
def test_what_is_as_wanted_and_commands_that_ran_have_no_line(event: events.Resource) -> None:
    assert RunDescriber().lines(event) == []


def test_a_diff_is_escaped_shows_blanks_at_the_end_of_what_differs_and_says_how_much_is_left_out() -> None:
    diff = "--- /f\n+++ /f (wanted)\n@@ -1,2 +1,2 @@\n-a \t \n+\x1b[2Ja  \n  b "
    event = events.Resource("t", "local", "file", "/f", True, False, ["content"], diff, 3)
    lines = RunDescriber().lines(event)
    assert [plain_text(line) for line in lines] == [
        "  changed file /f: content",
        "    --- /f",
        "    +++ /f (wanted)",
        "    @@ -1,2 +1,2 @@",
        "    -a ␉␠",
        "    +␛[2Ja␠␠",
        "      b ",
        "    … 3 more lines",
    ]
    assert [line[-1].role for line in lines[4:]] == ["removed", "added", "plain", "quiet"]


def test_resources_and_keys_are_counted_apart_for_a_task_and_for_the_run() -> None:
    describer = RunDescriber()
    ends: list[RunEvent] = [
        events.TaskFinished("a", "done", 1.0, 2, None, None, resources=1, ok=1000),
        events.TaskFinished("b", "failed", 1.0, 0, "no", None, resources=4, ok=0),
        events.TaskFinished("c", "skipped", 0.0, 0, "b failed", None),
        events.RunFinished("r", "failed", 20, 2.0, None, None),
    ]
    assert [plain_text(line) for event in ends for line in describer.lines(event)] == [
        "  done in 1s, 1 resource changed, 2 key changes, 1,000 as wanted",
        "  failed in 1s, 4 resources changed: no",
        "task c skipped: b failed",
        "run failed in 2s: 1 done, 1 failed, 1 skipped; 5 resources changed, 2 key changes, 1,000 as wanted",
    ]
