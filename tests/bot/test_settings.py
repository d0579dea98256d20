"""Settings: read once, checked, each fault one sentence that names the variable and never shows what was in it."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from bot import settings
from bot.errors import SettingsError

ROOT = Path(__file__).parents[2]
TOKEN = "123456789:AAcanary7_abcdefghijklmnopqrstuvwxyz"
KEY = base64.b64encode(b"canary-7" * 4).decode()


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home and a working folder of their own, and none of the settings of whoever runs the tests."""
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def write_env(text: str, mode: int = 0o600) -> None:
    path = Path(".env")
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def test_an_empty_machine_has_a_place_for_everything(tmp_path: Path) -> None:
    read = settings.load()
    home = tmp_path / "home/.local/share/between"
    assert (read.bot_token, read.master_key, read.heartbeat_url) == (None, None, None)
    assert (read.data_dir, read.out_dir, read.master_key_file) == (home, home / "weekly", home / "master.key")
    assert read.database_url == f"sqlite:///{home}/between.db"
    assert (read.bot_api_url, read.log_level) == ("https://api.telegram.org", "info")
    assert read.secrets() == []


def test_what_is_not_named_lies_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_DATA_DIR", "clinic data")
    monkeypatch.setenv("BETWEEN_OUT_DIR", "~/pages")
    read = settings.load()
    assert read.database_url == f"sqlite:///{tmp_path}/clinic data/between.db"
    assert (read.master_key_file, read.out_dir) == (tmp_path / "clinic data/master.key", tmp_path / "home/pages")


def test_the_environment_wins_over_the_file_and_empty_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    write_env(f"BETWEEN_LOG_LEVEL=debug\nBETWEEN_BOT_TOKEN={TOKEN}\nBETWEEN_BOT_API_URL=\nOTHER_THING=1\n")
    monkeypatch.setenv("BETWEEN_LOG_LEVEL", "Warning")
    monkeypatch.setenv("BETWEEN_BOT_TOKEN", "")
    read = settings.load()
    assert (read.log_level, read.bot_api_url) == ("warning", "https://api.telegram.org")
    assert read.bot_token is not None
    assert read.bot_token.get_secret_value() == TOKEN


def test_secrets_are_told_to_the_log_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BETWEEN_MASTER_KEY", KEY)
    monkeypatch.setenv("BETWEEN_DATABASE_URL", "postgresql://between:canary%2Fpass@localhost/between")
    monkeypatch.setenv("BETWEEN_HEARTBEAT_URL", "https://beats.example/canary-uuid")
    read = settings.load()
    assert set(read.secrets()) == {TOKEN, KEY, "canary%2Fpass", "canary/pass", "https://beats.example/canary-uuid"}
    shown = repr(read) + str(read)
    assert not [secret for secret in read.secrets() if secret in shown]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://localhost:9000/", "http://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("https://telegram.clinic.example/api/", "https://telegram.clinic.example/api"),
        ("https://bot.clinic.example", "https://bot.clinic.example"),
    ],
)
def test_a_bot_api_server_of_ones_own(given: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_BOT_API_URL", given)
    assert settings.load().bot_api_url == meant


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BOT_TOKEN", "canary", "@BotFather"),
        ("BOT_TOKEN", "123456789:canary", "@BotFather"),
        ("BOT_API_URL", f"https://api.telegram.org/bot{TOKEN}", "root of the Bot API server"),
        ("BOT_API_URL", "http://canary.example", "https://"),
        ("BOT_API_URL", "canary", "https://"),
        ("BOT_API_URL", "ftp://canary.example", "https://"),
        ("BOT_API_URL", "https://canary.example:canary", "https://"),
        ("BOT_API_URL", "https://[canary", "https://"),
        ("BOT_API_URL", "https://me:canary@host.example", "plain address"),
        ("BOT_API_URL", "https://host.example/?canary=1", "plain address"),
        ("DATA_DIR", "~canary/data", "write the path from / on"),
        ("DATABASE_URL", "mysql://me:canary@host/db", "sqlite:/// or postgresql://"),
        ("DATABASE_URL", "postgresql://me:canary@host:canary/db", "sqlite:/// or postgresql://"),
        ("DATABASE_URL", "canary.db", "sqlite:/// or postgresql://"),
        ("MASTER_KEY", "canary", "32 bytes"),
        ("MASTER_KEY", "canäry", "32 bytes"),
        ("MASTER_KEY", base64.b64encode(b"canary").decode(), "32 bytes"),
        ("HEARTBEAT_URL", "http://canary.example", "https://"),
        ("LOG_LEVEL", "canary", "debug, info, warning or error"),
        ("SMTP_FROM", "canary", "not a mail address"),
        ("SMTP_PASSWORD", "canary", "belong together"),
        ("SMTP_SECURITY", "canary", "starttls, tls or none"),
        ("PAGE_MAIL", "Canary <canary@clinic.example>", "not a mail address"),
        ("PAGE_WEBHOOK_URL", "http://canary.example/hook", "https://"),
        ("PAGE_WEBHOOK_SECRET", "canary", "at least 16 letters"),
        ("WEBHOOK_URL", "http://canary.example/hook", "https://"),
        ("WEBHOOK_URL", "https://canary.example:8080/hook", "port 443, 80, 88 or 8443"),
        ("WEBHOOK_SECRET", "canary canary", "1 to 256 of the letters"),
        ("WEBHOOK_SECRET", "canäry", "1 to 256 of the letters"),
        ("WEBHOOK_SECRET", "canary" * 50, "1 to 256 of the letters"),
        ("WEBHOOK_PORT", "canary", "a port, 1 to 65535"),
        ("WATCH_PORT", "0", "a port, 1 to 65535"),
        ("WATCH_PORT", "65536", "a port, 1 to 65535"),
        ("WATCH_TOKEN", "canary", "at least 16 letters"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_bad_value_is_one_sentence_that_does_not_show_it(
    name: str, value: str, says: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "environment":
        monkeypatch.setenv(f"BETWEEN_{name}", value)
    else:
        write_env(f"BETWEEN_{name}='{value}'\n")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    sentence = str(caught.value)
    assert sentence.startswith(f"BETWEEN_{name} ")
    assert says in sentence
    assert sentence.endswith(".")
    assert "canary" not in sentence
    assert value not in sentence
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert caught.value.exit_code == 2


def test_a_bad_value_blames_no_other_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_BOT_TOKEN", "abc")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert str(caught.value) == "BETWEEN_BOT_TOKEN is not a bot token; copy the whole token @BotFather gave, digits, colon and all."


def test_two_bad_values_are_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_LOG_LEVEL", "loud")
    monkeypatch.setenv("BETWEEN_BOT_TOKEN", "none")
    with pytest.raises(SettingsError, match=r"BETWEEN_BOT_TOKEN .*BETWEEN_LOG_LEVEL "):
        settings.load()


def test_a_misspelt_name_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_TEST_DATABASE_URL", "postgresql://only-for-the-tests")
    settings.load()
    write_env("BETWEEN_DATABASE_URI=postgresql://canary\n")
    with pytest.raises(SettingsError, match=r"BETWEEN_DATABASE_URI is not a setting\. Did you mean BETWEEN_DATABASE_URL\?"):
        settings.load()
    write_env("BETWEEN_PURPLE=1\n")
    with pytest.raises(SettingsError, match=r"See \.env\.example"):
        settings.load()


def test_a_file_with_a_secret_that_others_can_read_is_refused() -> None:
    write_env("BETWEEN_LOG_LEVEL=debug\nBETWEEN_BOT_TOKEN=\n", 0o644)
    assert settings.load().log_level == "debug"
    write_env(f"BETWEEN_BOT_TOKEN={TOKEN}\n", 0o644)
    with pytest.raises(SettingsError, match=r"chmod 600 \.env") as caught:
        settings.load()
    assert TOKEN not in str(caught.value)


def test_a_file_that_is_not_text_is_one_sentence_too() -> None:
    Path(".env").write_bytes(b"BETWEEN_LOG_LEVEL=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        settings.load()


def test_the_example_names_every_setting_and_works_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert re.findall(r"^(\w+)=", example, re.MULTILINE) == settings.names()
    untouched = settings.load()
    write_env(example)
    assert settings.load() == untouched


def test_pages_other_machines_can_open_need_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_WATCH_HOST", "0.0.0.0")
    assert settings.load().watch_port is None, "nothing is listened on, so nothing is wrong"
    monkeypatch.setenv("BETWEEN_WATCH_PORT", "9100")
    with pytest.raises(SettingsError, match="BETWEEN_WATCH_TOKEN is missing"):
        settings.load()
    monkeypatch.setenv("BETWEEN_WATCH_TOKEN", "canary7-canary7-canary7")
    assert settings.load().secrets() == ["canary7-canary7-canary7"]


def test_a_webhook_needs_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_WEBHOOK_URL", "https://bot.clinic.example/hook")
    with pytest.raises(SettingsError, match="BETWEEN_WEBHOOK_SECRET is missing"):
        settings.load()
    monkeypatch.setenv("BETWEEN_WEBHOOK_SECRET", "a-secret_7")
    assert settings.load().webhook_url == "https://bot.clinic.example/hook"


def test_nothing_of_the_bot_token_is_in_the_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETWEEN_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BETWEEN_WEBHOOK_URL", f"https://bot.clinic.example/{TOKEN}")
    monkeypatch.setenv("BETWEEN_WEBHOOK_SECRET", "a-secret_7")
    with pytest.raises(SettingsError, match="nothing of the bot token") as caught:
        settings.load()
    assert "canary" not in str(caught.value)


def test_secrets_may_come_as_files_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "BETWEEN_BOT_TOKEN").write_text(f"{TOKEN}\n")
    (folder / "BETWEEN_MASTER_KEY").write_text(f"{KEY}\n")
    (folder / "BETWEEN_LOG_LEVEL").write_text("debug")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    monkeypatch.setenv("BETWEEN_LOG_LEVEL", "warning")
    read = settings.load()
    assert (read.secrets(), read.log_level) == ([TOKEN, KEY], "warning")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"SMTP_HOST": "mail.clinic.example"}, "BETWEEN_SMTP_FROM is missing"),
        ({"SMTP_HOST": "mail.clinic.example", "SMTP_FROM": "a@clinic.example", "SMTP_SECURITY": "none"}, "only for a mail server on this"),
        ({"SMTP_USER": "between"}, "BETWEEN_SMTP_PASSWORD and BETWEEN_SMTP_USER belong together"),
        ({"PAGE_WEBHOOK_URL": "https://pages.clinic.example/in"}, "BETWEEN_PAGE_WEBHOOK_SECRET is missing"),
    ],
)
def test_what_belongs_together_for_pages_by_other_ways(given: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"BETWEEN_{name}", value)
    with pytest.raises(SettingsError, match=says):
        settings.load()
