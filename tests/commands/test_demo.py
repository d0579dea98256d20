"""`between demo`: up without a question, gone when stopped, and a plain word when its port is taken. (The page: tests/demo.)"""

from __future__ import annotations

import signal
import socket
import subprocess

import httpx

from tests.commands.between import SCRIPT, WITHIN, Between


def test_it_says_where_it_is_serves_the_page_and_leaves_nothing_behind(empty: Between) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    own = empty.folder / "temporary"
    own.mkdir()
    env = empty.environment | {"TMPDIR": str(own)}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [SCRIPT, "demo", "--port", port, "--no-browser"]
    with subprocess.Popen(command, cwd=empty.folder, env=env, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            assert process.stdout.readline() == "Preparing a made-up clinic …\n"
            assert process.stdout.readline() == f"Between's demo is at http://127.0.0.1:{port}\n"
            assert "gone when you stop it (Ctrl-C)" in process.stdout.readline()
            page = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=WITHIN)
            assert page.status_code == 200
            assert page.headers["content-type"].startswith("text/html")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=WITHIN)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "", "")
    assert list(own.iterdir()) == []
    assert not empty.data.exists()


def test_a_port_that_is_taken_is_named_with_the_way_out(empty: Between) -> None:
    own = empty.folder / "temporary"
    own.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = empty.process("demo", "--port", str(port), "--no-browser", env={"TMPDIR": str(own)})
    assert ran.code == 2
    assert ran.err == f"between: Port {port} is in use by another program. Stop that program or name another port with --port.\n"
    assert list(own.iterdir()) == []


def test_a_port_that_is_none(empty: Between) -> None:
    for port in ("0", "99999", "web"):
        ran = empty("demo", "--port", port, "--no-browser")
        assert (ran.code, ran.out) == (2, "")
        assert "--port" in ran.err

