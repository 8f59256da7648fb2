"""A host that predicts: later looks see what earlier acts would have done, and nothing is done."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import FileChanged, HostError
from sloth_tui.runner.hosts.host import (
    ABSENT,
    DIRECTORY,
    FILE,
    LOOP,
    Attributes,
    Command,
    CommandEnd,
    Found,
    Replacement,
)
from sloth_tui.runner.hosts.predicting.host import PredictingHost
from tests.runner.fake_host import LINK, FakeHost

if TYPE_CHECKING:
    from typing import BinaryIO

NOTHING = Attributes()


class Text:
    """Wanted content."""

    def __init__(self, text: str) -> None:
        self._data = text.encode()
        self.size = len(self._data)
        self.sha256 = hashlib.sha256(self._data).hexdigest()

    def open(self) -> BinaryIO:
        return io.BytesIO(self._data)


@pytest.fixture
def real() -> FakeHost:
    return FakeHost(
        {
            "/etc": None,
            "/etc/app.conf": "port = 80\n",
            "/etc/app.d": None,
            "/etc/app.d/one": "1",
            "/etc/app.d/deep": None,
            "/etc/app.d/deep/two": "2",
            "/srv": (LINK, "etc"),
            "/loop": (LINK, "loop"),
            "/current": (LINK, "/etc/app.d"),
        },
        codes={"no-such-tool": 127, "false": 1},
    )


@pytest.fixture
def host(real: FakeHost) -> PredictingHost:
    return PredictingHost(real)


def look(host: PredictingHost, path: str) -> Found:
    """What is at a path; its content is asked for only if there is a file."""
    found = host.look([path])[0]
    return host.look([path], content=True)[0] if found.kind == FILE else found


def kinds(host: PredictingHost, *paths: str) -> list[str]:
    return [found.kind for found in host.look(paths)]


def run(host: PredictingHost, text: str, **fields: object) -> CommandEnd:
    return host.run(Command(text.encode(), **fields), 1.0, lambda stream, data: None)  # type: ignore[arg-type]


def test_without_predictions_it_sees_what_is_there(real: FakeHost, host: PredictingHost) -> None:
    paths = ["/etc/app.conf", "/srv/app.conf", "/etc", "/none/x", "/loop", "/current", "app.conf"]
    assert host.look(paths, content=True) == real.look(paths, content=True)
    assert host.name == "web1"


def test_other_paths_look_the_same_after_a_prediction(real: FakeHost, host: PredictingHost) -> None:
    host.put("/etc/other", Text("x"), NOTHING)
    paths = ["/etc/app.conf", "/srv/app.conf", "/etc", "/none/x", "/loop", "/current", "/current/one", "x"]
    assert host.look(paths, content=True) == real.look(paths, content=True)


def test_a_file_that_would_be_written_has_its_content(host: PredictingHost) -> None:
    host.put("/etc/app.conf", Text("port = 8080\n"), NOTHING)
    found = look(host, "/etc/app.conf")
    assert (found.content, found.size, found.mode) == (b"port = 8080\n", 12, 0o600)
    assert found.sha256 == Text("port = 8080\n").sha256
    assert look(host, "/srv/app.conf").content == b"port = 8080\n"


def test_a_new_file_has_the_attributes_that_are_wanted(host: PredictingHost) -> None:
    host.put("/etc/new", Text("x"), Attributes(0o640, 7, 8))
    assert look(host, "/etc/new")[1:5] == (FILE, 0o640, 7, 8)
    host.set_attributes("/etc/new", Attributes(uid=9))
    assert look(host, "/etc/new")[1:5] == (FILE, 0o640, 9, 8)


def test_attributes_alone_leave_the_content(host: PredictingHost) -> None:
    host.set_attributes("/etc/app.conf", Attributes(0o644))
    found = look(host, "/etc/app.conf")
    assert (found.mode, found.content) == (0o644, b"port = 80\n")
    host.set_attributes("/etc/app.d", Attributes(0o700))
    assert look(host, "/etc/app.d").mode == 0o700
    assert look(host, "/etc/app.d/one").content == b"1"


def test_a_directory_and_then_a_file_in_it(host: PredictingHost) -> None:
    assert not look(host, "/opt/app/conf").parent
    host.make_directory("/opt/app", Attributes(0o700), parents=True)
    assert look(host, "/opt/app").mode == 0o700
    assert kinds(host, "/opt", "/opt/app", "/opt/app/conf") == [DIRECTORY, DIRECTORY, ABSENT]
    assert look(host, "/opt/app/conf").parent
    host.put("/opt/app/conf", Text("x"), NOTHING)
    assert [(name, found.kind) for name, found in host.list_tree("/opt")] == [
        ("app", DIRECTORY),
        ("app/conf", FILE),
    ]


def test_a_directory_without_its_parent_is_refused(host: PredictingHost) -> None:
    with pytest.raises(HostError, match="directory '/opt' on 'web1' does not exist"):
        host.make_directory("/opt/app", NOTHING, parents=False)
    with pytest.raises(HostError, match="directory '/opt' on 'web1' does not exist"):
        host.put("/opt/app", Text("x"), NOTHING)
    assert kinds(host, "/opt", "/opt/app") == [ABSENT, ABSENT]


def test_below_a_file_no_directory_is_made(host: PredictingHost) -> None:
    host.put("/etc/new", Text("x"), NOTHING)
    for path in ("/etc/app.conf/a/b", "/etc/new/a"):
        with pytest.raises(HostError, match=f"'{path}' on 'web1': Not a directory"):
            host.make_directory(path, NOTHING, parents=True)
    assert kinds(host, "/etc/app.conf", "/etc/new") == [FILE, FILE]


def test_what_is_removed_is_gone_with_all_below(host: PredictingHost) -> None:
    with pytest.raises(HostError, match=r"'/etc/app\.d' on 'web1' is not empty"):
        host.remove("/etc/app.d")
    host.put("/etc/app.d/three", Text("3"), NOTHING)
    host.remove("/etc/app.d", recurse=True)
    gone = ["/etc/app.d", "/etc/app.d/one", "/etc/app.d/deep/two", "/etc/app.d/three", "/current/one"]
    assert kinds(host, *gone) == [ABSENT] * 5
    assert [look(host, path).parent for path in gone] == [True, False, False, False, False]
    assert look(host, "/current").link == "/etc/app.d"
    host.make_directory("/etc/app.d", NOTHING, parents=False)
    assert host.list_tree("/etc/app.d") == []
    assert kinds(host, *gone) == [DIRECTORY, ABSENT, ABSENT, ABSENT, ABSENT]


def test_a_directory_that_was_emptied_can_be_removed(host: PredictingHost) -> None:
    host.remove("/etc/app.d/deep/two")
    host.remove("/etc/app.d/deep")
    assert [name for name, _ in host.list_tree("/etc/app.d")] == ["one"]


def test_a_removed_link_leaves_its_target(host: PredictingHost) -> None:
    host.remove("/current")
    assert kinds(host, "/current", "/current/one", "/etc/app.d/one") == [ABSENT, ABSENT, FILE]
    assert look(host, "/current").link is None


def test_links_are_followed_as_predicted(host: PredictingHost) -> None:
    host.make_link("/current", "/etc/app.d/deep")
    found = look(host, "/current")
    assert (found.path, found.kind, found.link) == ("/etc/app.d/deep", DIRECTORY, "/etc/app.d/deep")
    assert look(host, "/current/two").content == b"2"
    assert kinds(host, "/current/one") == [ABSENT]
    host.put(look(host, "/current/new").path, Text("n"), NOTHING)
    assert look(host, "/etc/app.d/deep/new").content == b"n"
    host.make_link("/etc/turn", "../etc/turn")
    assert kinds(host, "/etc/turn", "/loop") == [LOOP, LOOP]
    host.make_link("/etc/nowhere", "none/at/all")
    found = look(host, "/etc/nowhere")
    assert (found.path, found.kind, found.link, found.parent) == (
        "/etc/none/at/all",
        ABSENT,
        "none/at/all",
        False,
    )


def test_relative_paths_begin_where_commands_do(host: PredictingHost) -> None:
    host.put("out", Text("x"), NOTHING)
    assert look(host, "/work/out").content == b"x"
    assert look(host, "../work/./out").path == "/work/out"


def test_a_tree_is_put_file_by_file(host: PredictingHost) -> None:
    host.put_tree("/etc/app.d", [("one", Text("11"), NOTHING), ("deep/new", Text("n"), Attributes(0o600))])
    assert [(name, found.size) for name, found in host.list_tree("/etc/app.d")] == [
        ("deep", 0),
        ("deep/new", 1),
        ("deep/two", 1),
        ("one", 2),
    ]


def test_a_replaced_file_must_be_the_expected_one(host: PredictingHost) -> None:
    old = look(host, "/etc/app.conf").sha256
    host.put("/etc/app.conf", Text("new"), NOTHING, Replacement(old))
    with pytest.raises(FileChanged):
        host.put("/etc/app.conf", Text("newer"), NOTHING, Replacement(old))
    with pytest.raises(FileChanged):
        host.put("/etc/app.conf", Text("newer"), NOTHING, Replacement(""))
    host.put("/etc/absent", Text("x"), NOTHING, Replacement(""))


def test_what_may_not_be_removed_is_refused(
    real: FakeHost, host: PredictingHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(path: str, *, is_directory: bool) -> None:
        raise HostError(f"{path} is kept, directory: {is_directory}")

    monkeypatch.setattr(real, "check_removable", check)
    with pytest.raises(HostError, match="/etc is kept, directory: True"):
        host.remove("/etc", recurse=True)
    with pytest.raises(HostError, match="/current is kept, directory: False"):
        host.remove("/current")


def test_commands_that_act_are_not_run(real: FakeHost, host: PredictingHost) -> None:
    assert run(host, "apt-get install nginx") == CommandEnd(0)
    assert run(host, "id -u", reads=True) == CommandEnd(0)
    assert run(host, "false", reads=True) == CommandEnd(1)
    assert real.ran == ["id -u", "false"]


def test_guards_are_asked(real: FakeHost, host: PredictingHost) -> None:
    assert run(host, "make", unless=b"true") == CommandEnd(0, "unless true")
    assert run(host, "make", onlyif=b"false") == CommandEnd(0, "onlyif false")
    assert run(host, "make", creates=("app.conf",), cwd="/etc") == CommandEnd(0, "creates app.conf")
    assert run(host, "make", removes=("/etc/none",)) == CommandEnd(0, "removes /etc/none")
    assert host.assumptions.skipped is None
    assert real.ran == ["true", "false"]
    with pytest.raises(HostError, match="unless 'no-such-tool' cannot be run"):
        run(host, "make", unless=b"no-such-tool")


def test_guards_see_predicted_files(host: PredictingHost) -> None:
    host.put("/etc/made", Text("x"), NOTHING)
    host.remove("/etc/app.conf")
    assert run(host, "make", creates=("made",), cwd="/etc") == CommandEnd(0, "creates made")
    assert run(host, "rm app.conf", removes=("/etc/app.conf",)) == CommandEnd(0, "removes /etc/app.conf")
    assert host.assumptions.skipped is None


def test_what_a_command_may_have_made_is_no_failure(host: PredictingHost) -> None:
    missing = ["/var/www", "/var/www/index.html"]
    assert [found.parent for found in host.look(missing)] == [False, False]
    with pytest.raises(HostError, match="'www-data' is not a user"):
        host.user_id("www-data")
    assert host.assumptions.take() is None
    run(host, "apt-get  install\nnginx")
    assert host.assumptions.take() is None
    assert look(host, "/etc/app.conf").content == b"port = 80\n"
    assert host.user_id("root") == 0
    assert host.assumptions.take() is None
    assert [found.parent for found in host.look(missing)] == [True, True]
    assert host.assumptions.take() == "apt-get install nginx"
    assert host.assumptions.take() is None
    assert host.user_id("www-data") == host.group_id("www-data") == 0xFFFF_FFFE
    assert host.assumptions.take() == "apt-get install nginx"
    host.put("/var/www/index.html", Text("x"), NOTHING)
    assert look(host, "/var/www/index.html").content == b"x"
    assert host.assumptions.take() == "apt-get install nginx"


def test_a_file_whose_content_is_needed_is_taken_for_an_empty_one(host: PredictingHost) -> None:
    run(host, "apt-get install nginx")
    found = host.look(["/etc/nginx.conf"], content=True)[0]
    assert (found.kind, found.content, found.sha256) == (FILE, b"", hashlib.sha256(b"").hexdigest())
    assert host.assumptions.take() == "apt-get install nginx"
    assert kinds(host, "/etc/nginx.conf") == [ABSENT]


def test_a_tool_that_a_command_may_have_made_is_no_failure(host: PredictingHost) -> None:
    run(host, "apt-get install tool")
    assert run(host, "no-such-tool", reads=True) == CommandEnd(0)
    assert host.assumptions.take() == "apt-get install tool"
    assert run(host, "make", unless=b"no-such-tool") == CommandEnd(0)
    assert host.assumptions.take() == "apt-get install tool"
    assert run(host, "false", reads=True) == CommandEnd(1)


def test_a_long_command_is_shortened(host: PredictingHost) -> None:
    run(host, "echo " + "x" * 500)
    assert host.assumptions.skipped == "echo " + "x" * 115 + "…"
