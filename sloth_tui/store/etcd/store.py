"""The store on etcd: all its parts on one session."""

from __future__ import annotations

from sloth_tui.store.etcd.writing import EntryWriting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Origin


class EtcdStore(EntryWriting):
    """See :class:`sloth_tui.store.port.Store`."""

    __slots__ = ()

    # The handle.

    def set_origin(self, origin: Origin) -> None:
        self._session.set_origin(origin)

    def interrupt(self) -> None:
        self._session.interrupt()
