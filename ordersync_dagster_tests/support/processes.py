"""Processes that a test starts in a group of their own."""

import os
import signal
import socket
import subprocess
from contextlib import suppress


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def stop_group(process: "subprocess.Popen[bytes]", patience: float = 30) -> None:
    """End the process, after `patience` seconds by force, and all that it started."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def heeds_ctrl_c() -> None:
    """For `preexec_fn`: SIGINT ends the new process, also where the tests run in the background and ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
