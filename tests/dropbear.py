"""A real dropbear on a loopback port, which ``ssh`` finds as it finds the sshd of :mod:`tests.ssh`."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess

import pytest

from tests.ssh import AVAILABLE, Server

_DROPBEAR = shutil.which("dropbear", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_CONVERT = shutil.which("dropbearconvert")
_WRAPPER = next(iter(glob.glob("/usr/lib/*/libnss_wrapper.so")), None)
"""A library that gives a program another passwd: dropbear looks for keys in the home that it names."""

needs_dropbear = pytest.mark.skipif(
    not (AVAILABLE and _DROPBEAR and _CONVERT and _WRAPPER),
    reason="needs dropbear-bin, libnss-wrapper and openssh from Debian's packages, and root",
)


class Dropbear(Server):
    def _command(self) -> list[str]:
        """Make its home directory and host key, and return how it is started."""
        home, key, passwd = (self.directory / name for name in ("home", "dropbear_key", "passwd"))
        if not key.exists():
            (home / ".ssh").mkdir(parents=True, mode=0o700)
            home.chmod(0o700)
            shutil.copy(self.directory / "id.pub", home / ".ssh" / "authorized_keys")
            passwd.write_text(f"{self.user}:x:{os.getuid()}:{os.getgid()}:tests:{home}:/bin/sh\n")
            assert _CONVERT is not None
            convert = [_CONVERT, "openssh", "dropbear", str(self.directory / "host_key"), str(key)]
            subprocess.run(convert, check=True, capture_output=True)
        return [
            *(
                "env",
                f"LD_PRELOAD={_WRAPPER}",
                f"NSS_WRAPPER_PASSWD={passwd}",
                "NSS_WRAPPER_GROUP=/etc/group",
            ),
            *(str(_DROPBEAR), "-F", "-E", "-s", "-m", "-r", str(key), "-P", f"{self.directory}/pid"),
            *("-p", f"127.0.0.1:{self.port}"),
        ]
