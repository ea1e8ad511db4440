"""In a network namespace: a Ray cluster of two nodes, an audit here, and the same audit on it.

unshare -n python ray_nodes.py FOLDER-OF-DIGITS OUT
"""

import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

MODEL = '''
"""Digits, of which one worker dies once."""
import os
import signal
from pathlib import Path

import victims

calls = 0


def mortal(x):
    global calls
    calls += 1
    marker = Path("died")
    if os.environ.get("MAY_DIE") and calls == 30 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return victims.digits(x)


mortal.input_shape = (1, 8, 8)
'''
ADDRESS = "127.0.0.1:6399"
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41


def raise_loopback() -> None:
    """A new namespace has its loopback down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        fcntl.ioctl(one, SIOCSIFFLAGS, struct.pack("16sh", b"lo", UP_AND_RUNNING))


@contextmanager
def nodes() -> Iterator[None]:
    """Two nodes of a cluster, each with its children in a process group of its own; ended by pid."""
    ray = str(Path(sys.executable).with_name("ray"))
    shared = ("--node-ip-address", "127.0.0.1", "--num-cpus", "2", "--disable-usage-stats", "--block")
    port = ADDRESS.split(":")[1]
    temporary = mkdtemp(prefix="ray")  # short: sockets lie in it
    head = (
        "--head",
        "--port",
        port,
        "--include-dashboard",
        "false",
        "--temp-dir",
        temporary,
    )
    begun = []
    try:
        for own in (head, ("--address", ADDRESS)):
            begun.append(
                subprocess.Popen(
                    [ray, "start", *own, *shared],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
            if own is head:
                wait_for_port(int(port))
        yield
    finally:
        for node in reversed(begun):  # where they are asked to end, they take more than 10 seconds
            os.killpg(node.pid, signal.SIGKILL)
        for node in begun:
            node.wait()
        rmtree(temporary, ignore_errors=True)


def wait_for_port(port: int, seconds: float = 90) -> None:
    """Until the head listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("the head did not start")


def audit(out: Path, *options: str) -> None:
    """One audit of 96 digits by the command line."""
    command = ["-m", "brittle", "audit", "mortal:mortal", "more.npz", "--budget", "40", "--batch", "8"]
    command += ["--search", "patchwork", "--out", str(out), *options]
    subprocess.run([sys.executable, *command], check=True)


def main(digits: Path, out: Path) -> None:
    """Both audits."""
    import numpy as np

    raise_loopback()
    os.chdir(out)
    for name in ("victims.py", "weights.npz"):
        (out / name).write_bytes((digits / name).read_bytes())
    (out / "mortal.py").write_text(MODEL)
    with np.load(digits / "digits.npz") as data:
        x, y = (np.concatenate([data[name], data[name][:36]]) for name in ("x", "y"))
    np.savez(out / "more.npz", x=x, y=y)
    os.environ |= {"PYTHONPATH": str(out), "RAY_USAGE_STATS_ENABLED": "0", "MAY_DIE": ""}
    audit(out / "here")
    os.environ |= {"MAY_DIE": "yes", "RAY_ADDRESS": ADDRESS}
    with nodes():
        audit(out / "ray", "--on", "ray", "--workers", "4")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
