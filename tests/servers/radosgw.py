"""Ceph's S3 server over a monitor and one store in memory: what is installed only for ``make proof``."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.background import Background, free_ports
from tests.servers.s3 import BUCKET, CREDENTIALS, answers
from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool")
needs_radosgw = pytest.mark.skipif(
    not all(map(shutil.which, _PROGRAMS)) or os.geteuid() != 0,
    reason="needs radosgw, ceph-mon and ceph-osd from Debian's packages (sh tests/setup.sh proof), and root",
)

# radosgw wants its talk with the monitor encrypted by default, for which there would have to be keys.
_CONFIGURATION = """
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor_port}
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = 1073741824
run dir = {directory}
admin socket = {directory}/$name.asok
log file = {directory}/$name.log
mon data = {directory}/mon
osd data = {directory}/osd
rgw data = {directory}/rgw
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
"""


class Radosgw:
    """A radosgw with an empty bucket: a context manager that leaves nothing behind."""

    def __init__(self) -> None:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self._directory = Path(tempfile.mkdtemp(prefix="sloth-ceph-", dir=memory))
        self._configuration = self._directory / "ceph.conf"
        self._ends = ExitStack()
        self._ends.callback(shutil.rmtree, self._directory)
        self.port, self._monitor_port = free_ports(2)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with ExitStack() as failed:
            failed.callback(self._ends.close)
            self._start()
            failed.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def _start(self) -> None:
        fsid, store = str(uuid.uuid4()), str(uuid.uuid4())
        for name in ("mon", "osd", "rgw"):
            (self._directory / name).mkdir()
        self._configuration.write_text(
            _CONFIGURATION.format(
                fsid=fsid, monitor_port=self._monitor_port, port=self.port, directory=self._directory
            )
        )
        monitors = str(self._directory / "monmap")
        where = f"[v2:127.0.0.1:{self._monitor_port}]"
        _run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", where, monitors)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monitors)
        self._begin("ceph-mon", "-i", "a", "-f")
        self._run("ceph", "osd", "new", store)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", store)
        self._begin("ceph-osd", "-i", "0", "-f")
        self._begin("radosgw", "-n", "client.rgw", "-f")
        keys = (
            f"--access-key={CREDENTIALS['AWS_ACCESS_KEY_ID']}",
            f"--secret={CREDENTIALS['AWS_SECRET_ACCESS_KEY']}",
        )
        self._run("radosgw-admin", "user", "create", "--uid=tests", "--display-name=tests", *keys)
        wait_until(lambda: answers(self.port), what="radosgw answers")
        self._create_bucket()

    def _create_bucket(self) -> None:
        import boto3  # comes with moto

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_bucket(Bucket=BUCKET)

    def _run(self, program: str, *arguments: str) -> None:
        _run(program, "-c", str(self._configuration), *arguments)

    def _begin(self, program: str, *arguments: str) -> None:
        command = [program, "-c", str(self._configuration), *arguments]
        process = Background(command, self._directory / f"{program}.out")
        self._ends.callback(process.end)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=A_MINUTE)
    assert done.returncode == 0, f"{command}: {done.stderr}"
