"""A query that another thread ends says that it was ended, whatever SQLite calls it."""

from __future__ import annotations

import threading
import time

import apsw
import pytest

from sloth_tui.errors import DatabaseUnusable, Interrupted
from sloth_tui.store.sqlite.engine.errors import translate_error
from tests.support import A_MINUTE


def _compiled_for_long() -> str:
    """Nothing but work for the compiler, with the functions whose interruption it misreports."""
    statement = "SELECT 1 AS a, 2 AS b"
    for number in range(20):
        statement = f"SELECT *, sum(a) OVER (ORDER BY b) AS n{number} FROM ({statement})"
    return statement


def test_an_interrupt_while_a_window_function_is_compiled_is_one() -> None:
    """SQLite 3.54 says "expected 0 columns for '' but got 2" then."""
    connection, statement = apsw.Connection(":memory:"), _compiled_for_long()
    over = threading.Event()

    def interrupt() -> None:
        while not over.wait(0.0001):
            connection.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    errors: list[apsw.Error] = []
    try:
        deadline = time.monotonic() + A_MINUTE
        while not any(isinstance(error, apsw.SQLError) for error in errors) and time.monotonic() < deadline:
            try:
                connection.execute(statement, can_cache=False).fetchall()
            except apsw.Error as error:
                errors.append(error)
    finally:
        over.set()
        thread.join()
    # Where this fails, SQLite has learned to say so, and nothing is left to be told apart.
    assert any(isinstance(error, apsw.SQLError) for error in errors)
    assert {type(translate_error(error, "there")) for error in errors} == {Interrupted}


def test_other_mistakes_of_a_statement_are_none() -> None:
    with pytest.raises(apsw.SQLError) as raised:
        apsw.Connection(":memory:").execute("SELECT * FROM nothing")
    assert isinstance(translate_error(raised.value, "there"), DatabaseUnusable)
