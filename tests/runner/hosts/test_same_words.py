"""A host behind ssh refuses what this machine refuses, in the same words. The connection is made once."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import SlothError
from sloth_tui.runner.hosts.host import Attributes, Command, Replacement
from sloth_tui.runner.hosts.local.host import LocalHost
from sloth_tui.runner.hosts.predicting.host import PredictingHost
from sloth_tui.runner.resources.change import Handling
from sloth_tui.runner.resources.directories import make_directory, make_link
from sloth_tui.runner.resources.files import remove_path, write_file
from tests.runner.hosts.kept import far
from tests.runner.hosts.support import Bytes
from tests.ssh import needs_sshd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Host
    from sloth_tui.runner.hosts.ssh.host import SshHost

    Act = Callable[[Host], object]

__all__ = ["far"]

pytestmark = needs_sshd
NOTHING = Attributes()
LONG = "n" * 256


def refusal(host: Host, act: Act) -> tuple[str, str | None]:
    with pytest.raises(SlothError) as caught:
        act(host)
    return caught.value.message, caught.value.hint


def run(**fields: object) -> Act:
    command = Command(b"true", **fields)  # type: ignore[arg-type]
    return lambda host: (host.check_guards(command), host.run(command, 1.0, lambda *_: None))


def validate(path: str) -> Act:
    how = Replacement(validate="echo out; echo why >&2; test %s = x || exit 7")
    return lambda host: host.put(path, Bytes(b"x"), NOTHING, how)


def write(path: str) -> Act:
    return lambda host: write_file(host, path, Bytes(b"x"), NOTHING)


def absent_in(base: str, name: str) -> Act:
    return lambda host: remove_path(host, f"{base}/{name}")


def spare(path: str) -> Act:
    """Only ask: nothing of this machine may depend on the answer."""
    return lambda host: host.check_removable(path, is_directory=True)


ACTS: dict[str, Callable[[str], Act]] = {
    "unless": lambda base: run(unless=b"no-such-program"),
    "onlyif": lambda base: run(onlyif=b"echo first >&2; /etc/passwd"),
    "cwd": lambda base: run(cwd=f"{base}/none"),
    "validate": lambda base: validate(f"{base}/file"),
    "put on a directory": lambda base: lambda host: host.put(f"{base}/full", Bytes(b"x"), NOTHING),
    "put on a device": lambda base: lambda host: host.put("/dev/null", Bytes(b"x"), NOTHING),
    "put nowhere": lambda base: lambda host: host.put(f"{base}/none/file", Bytes(b"x"), NOTHING),
    "directory there": lambda base: lambda host: host.make_directory(f"{base}/full", NOTHING, parents=True),
    "directory in a file": lambda base: lambda host: make_directory(host, f"{base}/file/d", NOTHING),
    "link on a directory": lambda base: lambda host: host.make_link(f"{base}/full", "x"),
    "link nowhere": lambda base: lambda host: host.make_link(f"{base}/none/l", "x"),
    "list a file": lambda base: lambda host: host.list_tree(f"{base}/file"),
    "list nothing": lambda base: lambda host: host.list_tree(f"{base}/none"),
    "attributes of nothing": lambda base: (
        lambda host: host.set_attributes(f"{base}/none", Attributes(mode=0o600))
    ),
    "not empty": lambda base: lambda host: remove_path(host, f"{base}/full"),
    "not empty, slash": lambda base: lambda host: remove_path(host, f"{base}/full/"),
    "root": lambda base: spare("/"),
    "root, twice": lambda base: spare("//"),
    "root, around": lambda base: spare("/usr/.."),
    "working directory": lambda base: spare("."),
    "mount": lambda base: spare("/proc"),
    "mount, behind a link": lambda base: spare(f"{base}/root/proc"),
    "mount in it": lambda base: spare("/dev"),
    "circle": lambda base: absent_in(base, "circle/x"),
    "long name": lambda base: write(f"{base}/{LONG}"),
    "long name, nowhere": lambda base: lambda host: make_directory(host, f"{base}/none/{LONG}", NOTHING),
    "long name, look": lambda base: lambda host: host.look([f"{base}/{LONG}"]),
}


@pytest.mark.parametrize("name", ACTS, ids=lambda name: name.replace(" ", "-"))
def test_a_refusal_has_the_words_of_this_machine_and_names_the_host(
    far: SshHost, tmp_path: Path, name: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "f").write_text("")
    (tmp_path / "file").write_text("old")
    (tmp_path / "root").symlink_to("/")
    (tmp_path / "circle").symlink_to("circle")
    act = ACTS[name](str(tmp_path))
    here, there = refusal(LocalHost(), act), refusal(far, act)
    assert there[0].replace(" on 'web1'", "", 1) == here[0]
    assert " on 'web1'" in there[0]
    assert there[1] == here[1]
    left = {"circle", "file", "full", "home", "root"}
    assert set(os.listdir(tmp_path)) - {"none"} == left  # a parent may have been made before
    assert (tmp_path / "full" / "f").exists()


@pytest.mark.parametrize(
    "name", ["long-name", "long-name,-nowhere", "not-empty", "root", "circle", "unless", "cwd"]
)
def test_a_check_predicts_the_same_words(far: SshHost, tmp_path: Path, name: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "f").write_text("")
    (tmp_path / "circle").symlink_to("circle")
    act = ACTS[name.replace("-", " ")](str(tmp_path))
    for host in (LocalHost(), far):
        predicting = PredictingHost(host)
        predicting.put(str(tmp_path / "first"), Bytes(b"x"), NOTHING)
        assert refusal(predicting, act) == refusal(host, act)


PATHS = ["p/z/../y", "p/z/w/../../y", "p/z/../../p/y", "p/f/../y", "p/z/./../y", "p/l/../y"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.replace("/", ":"))
def test_what_is_not_there_is_gone_up_from_in_the_same_way(far: SshHost, tmp_path: Path, path: str) -> None:
    there = tmp_path / "p"
    there.mkdir()
    (there / "f").write_text("")
    (tmp_path / "o" / "d").mkdir(parents=True)
    (there / "l").symlink_to("../o/d")
    target = os.path.realpath(tmp_path / path)
    for host in (LocalHost(), far, PredictingHost(LocalHost()), PredictingHost(far)):
        for content, what in ((b"1", "created"), (b"1", None), (b"2", "content")):
            done = write_file(host, str(tmp_path / path), Bytes(content), NOTHING, Handling())
            assert (done.what, done.path) == ([what] if what else [], target)
        assert make_link(host, str(tmp_path / path), "to", force=True).what == ["target"]
        assert host.look([str(tmp_path / path)])[0].link == "to"
        assert remove_path(host, str(tmp_path / path)).what == ["removed"]
        assert remove_path(host, str(tmp_path / path)).what == []
        assert not os.path.lexists(target)


def test_the_longest_name_can_be_used(far: SshHost, tmp_path: Path) -> None:
    for name in ("n" * 255, "ü" * 127):
        for host in (LocalHost(), far):
            for data in (b"1", b"2"):
                host.put(str(tmp_path / name), Bytes(data), NOTHING)
                assert (tmp_path / name).read_bytes() == data
            host.remove(str(tmp_path / name))
        assert os.listdir(tmp_path) == ["home"]


def test_backups_have_names_of_one_form(far: SshHost, tmp_path: Path) -> None:
    form = r"file\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?~"
    for host in (LocalHost(), far, PredictingHost(LocalHost()), PredictingHost(far)):
        path = tmp_path / "file"
        path.write_bytes(b"1")
        path.chmod(0o640)
        kept = [host.put(str(path), Bytes(data), NOTHING, Replacement(backup=True)) for data in (b"2", b"3")]
        assert len(set(kept)) == 2
        for name, content in zip(kept, (b"1", b"2"), strict=True):
            assert name is not None
            assert re.fullmatch(form, os.path.basename(name))
            [found] = host.look([name], content=True)
            assert (found.content, found.mode) == (content, 0o640)
