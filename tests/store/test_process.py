from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Owner
from sloth_tui.store import process
from sloth_tui.store.clock import SYSTEM_CLOCK
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOOT = SYSTEM_CLOCK.boot_id


@contextmanager
def sleeper(program: str = "sleep") -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([program, "60"])
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def owner_of(pid: int) -> Owner:
    started = process.start_time(pid)
    assert started
    return Owner(process.host_name(), pid, started, BOOT)


def test_this_process_is_alive() -> None:
    assert process.is_alive(process.current_process(BOOT), BOOT) is True


def test_a_killed_process_is_gone_before_anybody_collects_its_status() -> None:
    with sleeper() as child:
        owner = owner_of(child.pid)
        assert process.is_alive(owner, BOOT) is True
        child.kill()
        wait_until(lambda: process.is_alive(owner, BOOT) is False)
        assert os.path.exists(f"/proc/{child.pid}/stat"), "it was collected: no zombie was looked at"
        child.wait()
        assert process.is_alive(owner, BOOT) is False


def test_a_stopped_process_is_alive() -> None:
    with sleeper() as child:
        owner = owner_of(child.pid)
        child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
        assert process.is_alive(owner, BOOT) is True


def test_another_process_under_the_same_pid_is_told_by_its_start() -> None:
    with sleeper() as child:
        owner = owner_of(child.pid)
        assert process.is_alive(owner._replace(start_time=owner.start_time - 1), BOOT) is False


def test_after_a_reboot_every_process_of_before_is_gone() -> None:
    assert process.is_alive(process.current_process("before"), "after") is False


@pytest.mark.parametrize("boot", [BOOT, "another"])
def test_processes_of_another_host_cannot_be_told(boot: str) -> None:
    elsewhere = process.current_process(boot)._replace(host="elsewhere")
    assert process.is_alive(elsewhere, BOOT) is None


def test_processes_of_another_pid_namespace_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with sleeper() as child:
        outside = owner_of(child.pid)
        monkeypatch.setattr(os, "readlink", lambda _path: "pid:[4026532190]")
        assert process.host_name() == f"{os.uname().nodename}/pid:[4026532190]"
        assert process.is_alive(outside, BOOT) is None
        assert process.is_alive(owner_of(child.pid), BOOT) is True


def test_a_process_that_exists_but_hides_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with sleeper() as child:
        owner = owner_of(child.pid)
        monkeypatch.setattr("builtins.open", _no_such_file)
        assert process.is_alive(owner, BOOT) is None
    assert process.is_alive(owner, BOOT) is False


def test_without_procfs_existence_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.open", _no_such_file)
    with sleeper() as child:
        owner = Owner(process.host_name(), child.pid, 0, BOOT)
        assert process.is_alive(owner, BOOT) is True
    assert process.is_alive(owner, BOOT) is False


@pytest.mark.parametrize("pid", [0, -1, 2**40, 2**70])
def test_a_pid_that_cannot_be_is_gone(pid: int) -> None:
    assert process.is_alive(Owner(process.host_name(), pid, 1, BOOT), BOOT) is False


def test_a_program_name_may_look_like_the_fields_after_it(tmp_path: Path) -> None:
    program = str(tmp_path / "a) Z 1 (b")
    shutil.copy(shutil.which("sleep") or "", program)
    with sleeper(program) as child:
        assert process.is_alive(owner_of(child.pid), BOOT) is True


def test_a_forked_child_is_not_its_parent() -> None:
    asked = (
        "import os; from sloth_tui.store.process import current_process, is_alive\n"
        "parent = current_process('b')\n"
        "if os.fork() == 0:\n"
        "    own = current_process('b')\n"
        "    same = own == parent or own.pid != os.getpid()\n"
        "    os._exit(1 if same or not is_alive(own, 'b') else 0)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def _no_such_file(*_arguments: object, **_options: object) -> None:
    raise FileNotFoundError
