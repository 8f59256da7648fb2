"""What a predicting host says of this machine is what is there after the same acts were done."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.contents import Bytes
from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, FILE, LOOP, Attributes
from sloth_tui.runner.hosts.local.host import LocalHost
from sloth_tui.runner.hosts.predicting.host import PredictingHost
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Host

NAMES = ("a", "b", "c")
PATHS = [*NAMES, *(f"{one}/{other}" for one in NAMES for other in NAMES), "a/b/c", "b/a/c", "c/c/c"]


def act(host: Host, chance: random.Random) -> None:
    """Do one act as modules do it: only what they find possible."""
    path = chance.choice(PATHS)
    found = host.look([path])[0]
    kind = chance.choice(["put", "put", "directory", "directory", "link", "remove", "mode", "tree"])
    if kind == "put" and found.kind in (ABSENT, FILE) and found.parent:
        host.put(found.path, Bytes(chance.randbytes(3)), Attributes(chance.choice([None, 0o600, 0o640])))
    elif kind == "directory" and found.kind == ABSENT and found.link is None:
        if free(host, found.path):
            host.make_directory(found.path, Attributes(chance.choice([None, 0o700])), parents=True)
    elif kind == "link" and found.kind in (ABSENT, FILE, LOOP) and parent_is_there(host, path):
        host.make_link(path, chance.choice([*NAMES, "../a", "../b", "a/b", "."]))
    elif kind == "remove" and (found.kind != ABSENT or found.link is not None):
        host.remove(path, recurse=chance.random() < 0.7)
    elif kind == "mode" and found.kind in (FILE, DIRECTORY) and found.path != os.getcwd():
        host.set_attributes(found.path, Attributes(chance.choice([0o600, 0o750]) | 0o700))
    elif kind == "tree" and found.kind == DIRECTORY:
        name = chance.choice(NAMES)
        inside = host.look([os.path.join(found.path, name)])[0]
        if inside.kind in (ABSENT, FILE) and inside.link is None:
            host.put_tree(found.path, [(name, Bytes(b"tree"), Attributes())])


def free(host: Host, path: str) -> bool:
    """True if all that is above is a directory or nothing: else no module would make parents."""
    above = path
    while above != "/":
        above = os.path.dirname(above)
        found = host.look([above], checksum=False)[0]
        if found.kind not in (ABSENT, DIRECTORY) or (found.kind == ABSENT and found.link is not None):
            return False
    return True


def parent_is_there(host: Host, path: str) -> bool:
    return host.look([os.path.dirname(path) or "."], checksum=False)[0].kind == DIRECTORY


def seen(host: Host, root: str) -> list[object]:
    """All that a module could see, with paths from the root of the test."""
    told: list[object] = []
    looked = dict(zip(PATHS, host.look(PATHS), strict=True))
    files = [path for path, found in looked.items() if found.kind == FILE]
    read = dict(zip(files, host.look(files, content=True), strict=True))
    for path, found in looked.items():
        where = "" if found.kind == LOOP else found.path.removeprefix(root)
        told.append((path, *found._replace(path=where, size=found.size * (found.kind == FILE))))
        if found.kind == DIRECTORY:
            told.append([(name, each.kind, each.link, each.sha256) for name, each in host.list_tree(path)])
        if found.kind == FILE:
            told.append(read[path].content)
    return told


def outcome(function: Callable[[], None]) -> str:
    try:
        function()
    except HostError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, rounds(6, 400)))]
)
def test_predictions_come_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    for copy in ("predicted", "real"):
        (tmp_path / copy / "work").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / copy / "work")
        before, chance = LocalHost(), random.Random(seed)
        for _ in range(8):
            outcome(lambda: act(before, chance))  # noqa: B023 - called at once
    monkeypatch.chdir(tmp_path / "predicted" / "work")
    untouched = seen(LocalHost(), str(tmp_path / "predicted"))
    host = PredictingHost(LocalHost())
    for number in range(25):
        monkeypatch.chdir(tmp_path / "predicted" / "work")
        expected = outcome(lambda: act(host, random.Random(f"{seed} {number}")))  # noqa: B023
        predicted = seen(host, str(tmp_path / "predicted"))
        monkeypatch.chdir(tmp_path / "real" / "work")
        assert outcome(lambda: act(LocalHost(), random.Random(f"{seed} {number}"))) == expected  # noqa: B023
        assert seen(LocalHost(), str(tmp_path / "real")) == predicted, number
    monkeypatch.chdir(tmp_path / "predicted" / "work")
    assert seen(LocalHost(), str(tmp_path / "predicted")) == untouched


def test_a_link_in_a_tree_leads_to_what_is_predicted(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to("../later")
    host = PredictingHost(LocalHost())
    assert host.list_tree(str(tmp_path / "tree"))[0][1].kind == ABSENT
    host.make_directory(str(tmp_path / "later"), Attributes(), parents=False)
    [(name, found)] = host.list_tree(str(tmp_path / "tree"))
    assert (name, found.kind, found.link) == ("link", DIRECTORY, "../later")
