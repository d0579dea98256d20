"""What lies in `deploy/` and `docs/operations.md` fits what the program has: settings, commands, figures, and what is promised of them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bot import cli, settings
from bot.metrics import Scrape
from bot.vitals import Vitals
from storage.figures import LANES, STATES, Figures, Queue

ROOT = Path(__file__).parents[1]
UNIT = (ROOT / "deploy/between.service").read_text(encoding="utf-8")
WATCH = (ROOT / "deploy/between-watch.service").read_text(encoding="utf-8")
ADMIN = (ROOT / "deploy/between-admin").read_text(encoding="utf-8")
CONTAINER = (ROOT / "deploy/Containerfile").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
EVERYWHERE = {"unit": UNIT, "watch": WATCH, "admin": ADMIN, "container": CONTAINER, "guide": GUIDE}


def unit(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def commands() -> set[str]:
    groups = {group.name for group in cli.app.registered_groups if group.name}
    return groups | {command.name for command in cli.app.registered_commands if command.name}


@pytest.mark.parametrize("where", EVERYWHERE)
def test_every_setting_that_is_named_exists(where: str) -> None:
    named = set(re.findall(r"\bBETWEEN_[A-Z_]+[A-Z]", EVERYWHERE[where]))
    assert named
    assert named <= set(settings.names())


def test_every_command_that_is_named_exists() -> None:
    ran = {command.split()[1] for command in unit("ExecStart")} | set(re.findall(r'^CMD \["([a-z-]+)"\]', CONTAINER, re.MULTILINE))
    told = set(re.findall(r"`between ([a-z-]+)", GUIDE)) | set(re.findall(r"between-admin ([a-z-]+)", GUIDE))
    assert ran == {"run"}
    assert told <= commands()


def test_the_unit_is_shut_in() -> None:
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictSUIDSGID", "LockPersonality"):
        assert unit(key) == ["yes"], key
    assert unit("ProtectSystem") == ["strict"]
    assert unit("CapabilityBoundingSet") == [""]
    assert unit("User") == ["between"]
    assert unit("StateDirectory") == ["between"]
    (data,) = re.findall(r"^Environment=BETWEEN_DATA_DIR=(.*)$", UNIT, re.MULTILINE)
    assert data == f"/var/lib/{unit('StateDirectory')[0]}", "the only folder it may write"
    assert int(unit("TimeoutStopSec")[0]) > 20, "longer than a graceful stop takes"


def test_the_second_process_is_shut_in_like_the_first_and_hangs_on_nothing_of_it() -> None:
    def settled(text: str) -> set[str]:
        keys = ("Private", "Protect", "Restrict", "NoNew", "Capability", "Ambient", "SystemCall", "Lock", "Remove", "User", "Group")
        return {line for line in text.splitlines() if line.startswith(keys)}

    assert settled(WATCH) == settled(UNIT)
    assert "ExecStart=/opt/between/bin/between watch" in WATCH
    assert not re.search(r"^(Requires|BindsTo|PartOf|Requisite)=|BOT_TOKEN", WATCH, re.MULTILINE)
    assert not re.search(r"^RestrictAddressFamilies=(?!AF_INET AF_INET6 AF_UNIX$)", WATCH, re.MULTILINE)


def test_secrets_come_as_credentials_and_under_names_the_settings_read() -> None:
    given = [line.partition(":")[0] for line in unit("LoadCredential")]
    assert given == ["BETWEEN_BOT_TOKEN", "BETWEEN_MASTER_KEY"]
    assert not [line for line in unit("Environment") if any(name in line for name in settings.SECRETS)]
    assert f"{settings.CREDENTIALS}=/run/secrets" in CONTAINER


def test_the_admin_script_hands_its_arguments_on_with_every_credential_of_the_unit_and_of_what_an_editor_added(tmp_path: Path) -> None:
    script = ROOT / "deploy/between-admin"
    assert os.access(script, os.X_OK)
    added = "BETWEEN_SMTP_PASSWORD:/etc/between/credentials/BETWEEN_SMTP_PASSWORD"
    (tmp_path / "shown").write_text(f"{UNIT}\n[Service]\nLoadCredential={added}\n", encoding="utf-8")
    for name, does in (("systemctl", f'[ "$*" = "cat between.service" ] && cat {tmp_path}/shown'), ("systemd-run", 'printf "%s\\n" "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o700)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run([script, "setup", "--name", "Harbor Program"], env=path, capture_output=True, text=True, check=True)
    given = [line.removeprefix("--property=LoadCredential=") for line in ran.stdout.splitlines() if "LoadCredential" in line]
    assert given == [*unit("LoadCredential"), added]
    assert ran.stdout.endswith("/opt/between/bin/between\nsetup\n--name\nHarbor Program\n")


def test_the_container_runs_as_nobody_special_and_installs_only_what_the_lock_names() -> None:
    last = CONTAINER.rsplit("\nFROM ", 1)[1]
    (user,) = re.findall(r"^USER (\d+)$", last, re.MULTILINE)
    assert int(user) > 0
    assert last.index("\nUSER ") < last.index("\nENTRYPOINT ")
    for line in re.findall(r"pip install .*", CONTAINER):
        assert "--require-hashes -r requirements.lock" in line or "--no-deps --no-build-isolation" in line
    copied = set(re.findall(r"^COPY (\w+) \1$", CONTAINER, re.MULTILINE))
    assert copied == {"bot", "handlers", "content", "safety", "storage", "clinic", "demo"}


def test_the_guide_explains_every_figure_and_no_other() -> None:
    empty = Figures(
        Queue(), Queue(), dict.fromkeys(LANES, Queue()), 0, 0, 0, dict.fromkeys(STATES, 0), (), audit_age=0.0, planned_stop=False
    )
    vitals = Vitals()
    vitals.receives("polling")
    registry = CollectorRegistry()
    registry.register(Scrape(vitals, empty, 0.0))
    shown = set(re.findall(r"^# TYPE (\w+)", generate_latest(registry).decode(), re.MULTILINE))
    assert set(re.findall(r"\bbetween_[a-z_]+[a-z]", GUIDE)) == shown
