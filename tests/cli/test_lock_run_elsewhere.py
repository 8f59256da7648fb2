"""``lock run`` on stores of several machines."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.test_lock_run import Running, is_alive, run
from tests.servers import s3
from tests.servers.etcd import needs_etcd
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.model import Lock

pytestmark = pytest.mark.slow


@pytest.fixture(params=[pytest.param("etcd", marks=needs_etcd), "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"lock-run-{os.getpid()}-{tmp_path.name}"
    if request.param == "etcd":
        found: str = request.getfixturevalue("shared_etcd").address(name)
    else:
        for variable, value in s3.CREDENTIALS.items():
            monkeypatch.setenv(variable, value)
        endpoint = request.getfixturevalue("shared_keeper").endpoint
        found = f"s3://{s3.BUCKET}/{name}?endpoint={endpoint}&region=us-east-1"
    monkeypatch.setenv("SLOTH_RUNNER_STORE", found)
    return found


@pytest.fixture
def running(address: str, tmp_path: Path) -> Iterator[Running]:
    found = Running(tmp_path, "--grace", "0.2")
    yield found
    found.clear()


def held(address: str) -> Lock | None:
    with open_store("local", "write", address=address) as store:
        return store.lock("job")


def test_the_exit_code_is_passed_on_and_a_broken_lock_ends_the_command(
    address: str, running: Running
) -> None:
    done = run("other", "--", "sh", "-c", "echo $SLOTH_LOCK_NAME; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "other\n", "")
    assert run("job", "--", "true").returncode == 4
    with open_store("local", "write", address=address) as store:
        store.break_lock("job")
    assert running.ended() == (6, "error: lock 'job' lost: it is not held\nhint: the command was ended\n")
    wait_until(running.is_gone)
    with open_store("local", address=address) as store:
        ends = {use.name: use.end for use in store.lock_history()}
    assert ends == {"job": "broken", "other": "released"}


def test_if_the_holder_is_killed_its_command_goes_and_the_lock_is_free(
    address: str, running: Running
) -> None:
    running.process.kill()
    wait_until(running.is_gone)
    assert held(address) is None
    with open_store("local", address=address) as store:
        [use] = store.lock_history("job")
    assert use.end == "abandoned"


@pytest.mark.proof
def test_a_holder_that_stands_still_loses_its_command_when_others_may_have_the_lock(
    address: str, running: Running
) -> None:
    """Long before its time to live is over: nobody shows that it lives."""
    os.kill(running.process.pid, signal.SIGSTOP)
    wait_until(lambda: not (is_alive(running.command) or is_alive(running.child)))
    os.kill(running.process.pid, signal.SIGCONT)
    running.ended()
