"""The store on etcd: all its parts on one session."""

from __future__ import annotations

from sloth_tui.store.etcd.writing import EntryWriting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Lock, LockBreak, Origin
    from sloth_tui.store.etcd.locks import Locks


class EtcdStore(EntryWriting):
    """See :class:`sloth_tui.store.port.Store`."""

    __slots__ = ()

    # Locks.

    def acquire(
        self, name: str, holder: str, seconds: float, *, wait: float = 0.0, ephemeral: bool = False
    ) -> Lock:
        return self._locks.acquire(name, holder, seconds, wait=wait, ephemeral=ephemeral)

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        return self._locks.renew(name, holder, seconds)

    def release(self, name: str, holder: str, *, token: int | None = None) -> None:
        self._locks.release(name, holder, token=token)

    def break_lock(self, name: str) -> Lock:
        return self._locks.break_lock(name)

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        return self._locks.lock_breaks(limit)

    def lock(self, name: str) -> Lock | None:
        return self._locks.lock(name)

    def locks(self) -> list[Lock]:
        return self._locks.locks()

    def fence(self, name: str, token: int) -> None:
        self._session.fences[name] = token

    def unfence(self, name: str) -> None:
        self._session.fences.pop(name, None)

    def check_fences(self) -> None:
        from sloth_tui.store.etcd.commit import check_fences

        check_fences(self._session)

    # The handle.

    def set_origin(self, origin: Origin) -> None:
        self._session.set_origin(origin)

    def interrupt(self) -> None:
        self._session.interrupt()

    # A part is created on each access: its only state is the session.

    @property
    def _locks(self) -> Locks:
        from sloth_tui.store.etcd.locks import Locks

        return Locks(self._session)
