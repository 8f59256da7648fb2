"""Each message of docs/troubleshooting.md is met the way a user meets it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ciphers import DIRECTORY
from tests.docs import ROOT, TEXTS, run_shell

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = re.findall(r"^### `(.+)`$", TEXTS["docs/troubleshooting.md"], re.MULTILINE)

_PYTHON = f'"{sys.executable}"'
_WRITTEN = "sloth-runner state set a 1; cd $SLOTH_RUNNER_HOME/state;"
_BARE = "" if os.geteuid() else "setpriv --bounding-set -all --inh-caps -all"
"""Before a command: without root's right to pass by permissions."""
_HOLDS = (
    "import sqlite3, time; c = sqlite3.connect('local.db', isolation_level=None); "
    "c.execute('BEGIN IMMEDIATE'); open('ready', 'w'); time.sleep(120)"
)
_HURRIED = (
    "import sys; from sloth_tui.cli import main; import sloth_tui.store.sqlite.engine.opening as opening; "
    "opening.BUSY_SECONDS = 0.2; sys.exit(main())"
)
"""The command, which waits less for the database than it says."""
_LEFT = (
    "import os, sqlite3; c = sqlite3.connect('local.db'); c.execute('UPDATE state SET value = 2'); "
    "c.commit(); os._exit(0)"
)
_WITH_CIPHERS = f"PYTHONPATH='{DIRECTORY}' sloth-runner"
_ENCRYPTED = f"{_WRITTEN} {_WITH_CIPHERS} state encrypt --yes;"
_DATABASE = "error: ~/.sloth-runner/state/local.db: "

SITUATIONS = {
    "error: agent 'x' has no database": "sloth-runner state get a --agent x",
    "error: no key 'app:port'": "sloth-runner state set app:name 1; sloth-runner state get app:port",
    "error: key 'leader' exists already": (
        "sloth-runner state set leader a; sloth-runner state set leader b --if-absent"
    ),
    "error: will not delete … unasked, and there is no terminal to ask on": (
        "sloth-runner state set a 1; sloth-runner state clear"
    ),
    "error: lock 'deploy' is held by 'ci' for another …": (
        "sloth-runner lock acquire deploy --holder ci --ttl 300;"
        "sloth-runner lock acquire deploy --holder me --ttl 300"
    ),
    "error: lock 'deploy' lost: …": (
        "sloth-runner lock acquire deploy --holder ci --ttl 300; sloth-runner lock break deploy;"
        "sloth-runner lock release deploy --holder ci"
    ),
    _DATABASE + "busy for 10 s": (
        f'{_WRITTEN} {_PYTHON} -c "{_HOLDS}" & holder=$!; while [ ! -e ready ]; do sleep 0.05; done;'
        f'{_PYTHON} -c "{_HURRIED}" state set a 2 || true; kill $holder; wait $holder || true'
    ),
    _DATABASE + "encrypted: this installation cannot read or write encrypted databases: …": (
        f"{_WRITTEN} printf 'sloth1\\0\\0000123abcd' > local.db; sloth-runner state get a"
    ),
    _DATABASE + "encrypted, and there is no key for it: …": (
        f"{_ENCRYPTED} rm ../keys/local.key; {_WITH_CIPHERS} state get a"
    ),
    _DATABASE + "encrypted, and the key from … is not its key: it needs …": (
        f"{_ENCRYPTED} printf %064d 1 > ../keys/local.key; {_WITH_CIPHERS} state get a"
    ),
    _DATABASE + "encrypted, and a passphrase protects its key": (
        f"{_ENCRYPTED} sed -i 's/^\\([0-9a-f]*\\) .*/\\1 scrypt:4:8:1:00:00:00/' ../keys/local.key;"
        f"{_WITH_CIPHERS} state get a"
    ),
    _DATABASE + "a symbolic link": f"{_WRITTEN} mv local.db b; ln -s b local.db; sloth-runner state list",
    _DATABASE + "a hard link: the file has another name, under which it is another database": (
        f"{_WRITTEN} ln local.db b; sloth-runner state list"
    ),
    _DATABASE + "not a SQLite database": f"{_WRITTEN} echo text > local.db; sloth-runner state list",
    _DATABASE + "damaged (…)": (
        f"{_WRITTEN} head -c 50000 local.db > b; mv b local.db; sloth-runner state list"
    ),
    _DATABASE + "cannot be read": (
        f'{_WRITTEN} {_PYTHON} -c "{_LEFT}"; rm local.db-shm; chmod 555 .; {_BARE} sloth-runner state list'
    ),
    _DATABASE + "permission denied": f"{_WRITTEN} chmod 000 .; {_BARE} sloth-runner state list",
    _DATABASE
    + "read-only": f"{_WRITTEN} chmod 444 local.db; chmod 555 .; {_BARE} sloth-runner state set a 2",
    _DATABASE + "cannot be created: …": (
        f"{_WRITTEN} rm local.db; chmod 555 .; {_BARE} sloth-runner state set a 2"
    ),
    _DATABASE + "cannot be written": (
        f"{_WRITTEN} yes | head -c 2000000 > b; ulimit -f 300; sloth-runner state set b - < b"
    ),
    "error: too many open files (limit …): raise it with ulimit -n": (
        f"sloth-runner state set a 1; ulimit -n 5; exec {_PYTHON} -m sloth_tui state get a"
    ),
    "warning: lock 'deploy' is still held by 'ci' for …: nothing unlocked it": (
        """echo 'task({name = "t", run = function() state.lock("deploy", "ci", 300) end})' > t.lua;"""
        "sloth-runner run t.lua"
    ),
    "warning: this run is not kept: ~/.sloth-runner/runs: …": (
        "echo > t.lua; mkdir -p $SLOTH_RUNNER_HOME; echo > $SLOTH_RUNNER_HOME/runs; sloth-runner run t.lua"
    ),
    "error: the terminal UI needs a terminal that can move its cursor; this has TERM=dumb": (
        f"""TERM=dumb {_PYTHON} -c 'import pty; pty.spawn(["sloth-tui"])'"""
    ),
    "error: the terminal UI needs a terminal": "sloth-runner tui",
    "error: there is no store redis://": "sloth-runner agents --store redis://db/shop",
    "error: ~/.sloth-runner/config.toml:2: history.kep: no such setting; there are: …": (
        "mkdir -p $SLOTH_RUNNER_HOME; printf '[history]\\nkep = 3\\n' > $SLOTH_RUNNER_HOME/config.toml;"
        "sloth-runner state list"
    ),
}
"""Message -> shell commands of which the last one gives it."""

_BOMBS = "tests/runner/worker/guarding/test_fork_bombs.py"
_ERRORS_OF_SSH = "tests/runner/hosts/ssh/test_errors.py"

HELD = {
    "error: out of memory (limit …): raise it with ulimit -v": "tests/cli/test_shortage.py",
    "killed: its commands had more than 1,000 processes at once": _BOMBS,
    "cannot reach 'web1': …": _ERRORS_OF_SSH,
    "cannot reach 'web1': its host key is not known": _ERRORS_OF_SSH,
    "'web1' shows another host key than known_hosts has: refused": _ERRORS_OF_SSH,
    "'web1' refused user deploy (publickey)": _ERRORS_OF_SSH,
    "'web1' closed the connection before a session was there": _ERRORS_OF_SSH,
    "the login shell of deploy on 'web1' runs no commands: …": _ERRORS_OF_SSH,
    "no sudo without a password for deploy on 'web1': …": _ERRORS_OF_SSH,
    "lost the connection to 'web1' while it ran: what it did is not known": _ERRORS_OF_SSH,
    "delegation needs OpenSSH's ssh, which is not installed here": _ERRORS_OF_SSH,
    "nothing to paste? set [tui] copy_command": "tests/tui/test_copying.py",
    "error: the process of the run ended without saying how: it was killed, or the machine went down": (
        "tests/cli/test_runs_going.py"
    ),
    "read-only: nothing was changed": "tests/tui/test_changes.py",
}
"""Messages of situations that take more to make -> the tests that make them."""


def test_every_message_has_its_situation() -> None:
    assert sorted(MESSAGES) == sorted([*SITUATIONS, *HELD])


@pytest.mark.slow
@pytest.mark.parametrize("message", SITUATIONS)
def test_a_user_meets_the_message(message: str, base: Path, tmp_path: Path) -> None:
    text = SITUATIONS[message]
    if _BARE and _BARE in text and not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    done = run_shell(text, tmp_path)
    for path in (base, base / "state"):
        if path.exists():
            path.chmod(0o700)
    pattern = (
        re.escape(message).replace("…", ".+").replace(re.escape("~/.sloth-runner"), re.escape(str(base)))
    )
    told = done.stdout + done.stderr
    assert re.search(rf"(^|: |  ){pattern}( \(.*\))?\r?$", told, re.MULTILINE), told


@pytest.mark.parametrize("message", HELD)
def test_messages_of_other_situations_are_held_by_their_tests(message: str) -> None:
    words = message.removeprefix("error: ").partition("…")[0].partition(" set [tui]")[0]
    assert words in (ROOT / HELD[message]).read_text("utf-8")
