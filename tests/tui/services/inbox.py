"""A place for the messages that services post."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

M = TypeVar("M", bound="Message")


class Inbox:
    """Keeps what is posted, from any thread."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.messages.append(message)

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.messages if isinstance(message, kind)]

    def wait_for(self, kind: type[M], fits: Callable[[M], bool] = lambda _: True) -> M:
        """Wait for a message of this kind that fits; return the first one."""
        found = wait_until(
            lambda: [message for message in self.of(kind) if fits(message)],
            what=f"{kind.__name__} among {self.messages}",
        )
        return found[0]
