"""Owner, group and mode of a resource whose path is a link are those of its target, here and over ssh."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import Resource
from tests.runner.support import run_text
from tests.ssh import needs_sshd

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to give files away"),
]

WANTED = 'mode = "0640", owner = "daemon", group = "daemon"'
FILES = ("write", "copy", "template", "line", "block")
TASKS = f"""
task({{name = "links", delegate_to = values.host, run = function()
  local at = values.at .. "/"
  file.write{{path = at .. "write", content = "a\\n", {WANTED}}}
  file.copy{{src = values.at .. "/source", dest = at .. "copy", {WANTED}}}
  file.template{{content = "a\\n", dest = at .. "template", vars = {{}}, {WANTED}}}
  file.line{{path = at .. "line", line = "a", {WANTED}}}
  file.block{{path = at .. "block", name = "n", block = "a", {WANTED}}}
  file.directory{{path = at .. "directory", {WANTED}}}
  file.link{{path = at .. "link", to = "link.target"}}
end}})
task({{name = "refused", delegate_to = values.host, run = function()
  for _, field in ipairs({{"owner", "group", "mode"}}) do
    local ok, why = pcall(file.link, {{path = values.at .. "/link", to = "link.target", [field] = "daemon"}})
    print(ok, (why:match("unknown field '%a+'")))
  end
end}})
"""


def owners(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


@pytest.mark.parametrize(
    "host",
    ["local", pytest.param("web1", marks=needs_sshd, id="ssh")],
)
@pytest.mark.parametrize("content", ["as wanted", "other"])
def test_they_are_set_on_the_target_and_the_link_stays(
    request: pytest.FixtureRequest, tmp_path: Path, host: str, content: str
) -> None:
    if host != "local":
        request.getfixturevalue("server")

    at = tmp_path / "at"
    at.mkdir()
    (at / "source").write_text("a\n")
    as_wanted = dict.fromkeys(FILES, "a\n") | {"block": "# BEGIN n\na\n# END n\n"}
    for name in (*FILES, "link"):
        (at / f"{name}.target").write_text("b\n" if content == "other" else as_wanted.get(name, ""))
    (at / "directory.target").mkdir()
    links = [*FILES, "directory", "link"]
    for name in links:
        (at / name).symlink_to(f"{name}.target")
        os.lchown(at / name, 1234, 1234)
    before = {name: ((at / name).lstat().st_ino, owners(at / name)) for name in links}
    kept = owners(at / "link.target")

    def run(**options: object) -> dict[str, tuple[bool, bool]]:
        told = run_text(tmp_path, TASKS, values={"host": host, "at": str(at)}, **options)
        assert told.errors == {}
        assert told.lines == [f"false\tunknown field '{field}'" for field in ("owner", "group", "mode")]
        found = {os.path.basename(event.name): event for event in told.of(Resource)}
        return {name.split(".")[0]: (event.changed, "owner" in event.what) for name, event in found.items()}

    changed = {name: (name != "link", name != "link") for name in links}
    assert run(check=True) == changed
    assert run() == changed
    assert run() == dict.fromkeys(links, (False, False))
    assert {name: ((at / name).lstat().st_ino, owners(at / name)) for name in links} == before
    for name in (*FILES, "directory"):
        assert owners(at / f"{name}.target") == (1, 1, 0o640), name
    assert owners(at / "link.target") == kept
