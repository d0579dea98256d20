"""`between demo` as a command: it says where it is, asks nothing, leaves nothing, and is plain about a port that is taken."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

BETWEEN = Path(sys.executable).with_name("between")
WITHIN = 60.0
"""Real seconds anything here may take on a machine that does something else as well."""


@contextmanager
def started(folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """The command with nobody at the keyboard, and a folder of its own for what is temporary."""
    process = subprocess.Popen(
        [str(BETWEEN), "demo", "--no-browser", *more],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def address(process: subprocess.Popen[str]) -> str:
    """Read what it says until it names its address."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise AssertionError(f"it ended without an address: {process.stderr.read() if process.stderr else ''}")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_names_its_address_and_ends_at_any_time_leaving_nothing(tmp_path: Path, sign: signal.Signals) -> None:
    port = free_port()
    with started(tmp_path, "--port", str(port)) as process:
        url = address(process)
        assert url.endswith(f":{port}")
        assert "Things to try" in httpx.get(url, timeout=WITHIN).text
        with httpx.Client(base_url=url, timeout=WITHIN) as visitor, visitor.stream("GET", "/demo/stream?chat=5001&chat=9001") as stream:
            next(stream.iter_lines())
            assert visitor.post("/demo/act", json={"phone": 5001, "do": "invitation"}).status_code == 200
            process.send_signal(sign)
            _, err = process.communicate(timeout=WITHIN)
    assert (process.returncode, err) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_it_ends_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    with started(tmp_path, "--port", str(free_port())) as process, ThreadPoolExecutor(1) as hands:
        url = address(process)
        httpx.post(f"{url}/demo/act", json={"phone": 5001, "do": "invitation"}, timeout=WITHIN)
        with httpx.stream("GET", f"{url}/demo/stream?chat=5001", timeout=WITHIN) as stream:
            changes = (line for line in stream.iter_lines() if line.startswith("data: ") and '"messages"' in line)
            assert any('"bot": true' in change for change in changes)
            playing = hands.submit(play, url)  # several answers, each of which waits for the bot
            assert next(changes)
            process.terminate()
        _, err = process.communicate(timeout=WITHIN)
        playing.result(timeout=WITHIN)
    assert (process.returncode, err) == (0, "")
    assert list(tmp_path.iterdir()) == []


def play(url: str) -> None:
    """Have the patient's questions answered. The demo may end before it has answered this."""
    with contextlib.suppress(httpx.HTTPError):
        httpx.post(f"{url}/demo/act", json={"phone": 5001, "do": "play"}, timeout=WITHIN)


def test_a_port_that_is_taken_is_one_sentence_and_nothing_is_begun(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with started(tmp_path, "--port", str(port)) as process:
            out, err = process.communicate(timeout=WITHIN)
    assert process.returncode == 2
    assert out == ""
    assert err == f"between: Port {port} is in use by another program. Stop that program or name another port with --port.\n"
    assert list(tmp_path.iterdir()) == []
