"""What only the machine knows: secrets, addresses and folders, read once at start from the environment and `.env`.

Clinic facts are not here; they are rows (`between setup`). Each setting is `BETWEEN_` and its name below, and
`.env.example` names each with one line. An empty value counts as not set; the environment wins over `.env`.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from bot.errors import SettingsError
from storage.people import EMAIL

PREFIX = "BETWEEN_"
ENV_FILE = ".env"
TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,}")
DATABASES = ("sqlite://", "sqlite+pysqlite://", "postgresql://", "postgresql+psycopg://")
WEBHOOK_PORTS = (443, 80, 88, 8443)
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
WATCH_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
NO_ADDRESS = "is not a web address; it starts with https:// and names a host"
NO_DATABASE = "is not a database address; it starts with sqlite:/// or postgresql://"
SECRETS = ("BOT_TOKEN", "MASTER_KEY", "WEBHOOK_SECRET", "WATCH_TOKEN", "SMTP_PASSWORD", "PAGE_WEBHOOK_SECRET")
CREDENTIALS = "CREDENTIALS_DIRECTORY"
OF_THE_TESTS = "BETWEEN_TEST_"
FOLLOWS = "default_factory_not_called"
"""Pydantic's word for a setting nobody gave, whose default it left alone because another one is at fault."""


def is_loopback(host: str) -> bool:
    """Whether this host name is certain to be this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _token(token: SecretStr) -> SecretStr:
    if not TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("is not a bot token; copy the whole token @BotFather gave, digits, colon and all")
    return token


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its own message quotes what it was given
        raise ValueError(NO_ADDRESS) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(NO_ADDRESS)
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be a plain address, with no name, query or fragment in it")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must start with https://; plain http is only for a server on this machine")
    return url.rstrip("/")


def _api_root(url: str) -> str:
    if "/bot" in url.split("://")[-1]:
        raise ValueError("must be the root of the Bot API server, without /bot<token>; Between adds that")
    return _address(url)


def _database(url: str) -> str:
    try:
        port = urlsplit(url).port
    except ValueError:
        port = 0
    if port == 0 or not url.startswith(DATABASES):
        raise ValueError(NO_DATABASE)
    return url


def _key(key: SecretStr) -> SecretStr:
    try:
        size = len(base64.b64decode(key.get_secret_value().strip(), validate=True))
    except ValueError:
        size = 0
    if size != 32:
        raise ValueError("is not a key; it is 32 bytes in base64, as `openssl rand -base64 32` prints")
    return key


def _folder(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError("begins with ~ and a name nobody on this machine has; write the path from / on") from None


def _webhook(url: str) -> str:
    parts = urlsplit(_address(url))
    if not is_loopback(str(parts.hostname)) and (parts.port or 443) not in WEBHOOK_PORTS:
        raise ValueError("must be on port 443, 80, 88 or 8443; Telegram calls no other")
    return url


def _webhook_secret(secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    url, token = info.data.get("webhook_url"), info.data.get("bot_token")
    if secret is None:
        if url:
            raise ValueError("is missing; a webhook needs one, as `openssl rand -hex 32` prints")
        return None
    if not WEBHOOK_SECRET.fullmatch(secret.get_secret_value()):
        raise ValueError("must be 1 to 256 of the letters A-Z and a-z, digits, _ and -; Telegram takes no others")
    if token and token.get_secret_value().split(":")[1] in f"{url}{secret.get_secret_value()}":
        raise ValueError("and BETWEEN_WEBHOOK_URL must have nothing of the bot token in them")
    return secret


def _watch_token(token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    if token is None and info.data.get("watch_port") and not is_loopback(str(info.data.get("watch_host"))):
        raise ValueError("is missing; pages that other machines can open need one, as `openssl rand -hex 32` prints")
    if token is not None and not WATCH_TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("must be at least 16 letters, digits, _ or -, as `openssl rand -hex 32` prints")
    return token


def _mail(address: str) -> str:
    if not EMAIL.fullmatch(address):
        raise ValueError("is not a mail address; write one such as on-call@clinic.example")
    return address


def _security(how: str, info: ValidationInfo) -> str:
    host = info.data.get("smtp_host")
    if how == "none" and host and not is_loopback(host):
        raise ValueError("may be none only for a mail server on this machine; use starttls or tls")
    return how


def _sender(address: str | None, info: ValidationInfo) -> str | None:
    if address is None and info.data.get("smtp_host"):
        raise ValueError("is missing; a mail needs an address it comes from, one the mail server lets you use")
    return _mail(address) if address is not None else None


def _password(password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    if (password is None) != (info.data.get("smtp_user") is None):
        raise ValueError("and BETWEEN_SMTP_USER belong together: set both or neither")
    return password


def _page_secret(secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    if secret is None and info.data.get("page_webhook_url"):
        raise ValueError("is missing; whoever takes the pages knows by it that they are ours, as `openssl rand -hex 32` prints")
    if secret is not None and not WATCH_TOKEN.fullmatch(secret.get_secret_value()):
        raise ValueError("must be at least 16 letters, digits, _ or -, as `openssl rand -hex 32` prints")
    return secret


Port = Annotated[int, Field(ge=1, le=65535)]
Place = Annotated[Path, AfterValidator(_folder)]
Level = Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """Immutable. Made only by `load`, so that a bad value is one clear sentence and never shows a secret."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_file_encoding="utf-8", env_ignore_empty=True, frozen=True, extra="ignore",
        hide_input_in_errors=True,
    )

    bot_token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    bot_api_url: Annotated[str, AfterValidator(_api_root)] = "https://api.telegram.org"
    data_dir: Place = Field(default=Path("~/.local/share/between"), validate_default=True)
    database_url: Annotated[str, AfterValidator(_database)] = Field(
        default_factory=lambda read: f"sqlite:///{_inside(read, 'between.db').as_posix()}", repr=False
    )
    master_key: Annotated[SecretStr, AfterValidator(_key)] | None = None
    master_key_file: Place = Field(default_factory=lambda read: _inside(read, "master.key"))
    out_dir: Place = Field(default_factory=lambda read: _inside(read, "weekly"))
    heartbeat_url: Annotated[str, AfterValidator(_address)] | None = Field(default=None, repr=False)
    webhook_url: Annotated[str, AfterValidator(_webhook)] | None = None
    webhook_secret: Annotated[SecretStr | None, AfterValidator(_webhook_secret)] = Field(default=None, validate_default=True)
    webhook_host: str = "127.0.0.1"
    webhook_port: Port = 8443
    watch_port: Port | None = None
    watch_host: str = "127.0.0.1"
    watch_token: Annotated[SecretStr | None, AfterValidator(_watch_token)] = Field(default=None, validate_default=True)
    smtp_host: str | None = None
    smtp_port: Port = 587
    smtp_security: Annotated[Literal["starttls", "tls", "none"], BeforeValidator(str.lower), AfterValidator(_security)] = "starttls"
    smtp_user: str | None = Field(default=None, repr=False)
    smtp_password: Annotated[SecretStr | None, AfterValidator(_password)] = Field(default=None, validate_default=True)
    smtp_from: Annotated[str | None, AfterValidator(_sender)] = Field(default=None, validate_default=True)
    page_mail: Annotated[str, AfterValidator(_mail)] | None = None
    page_webhook_url: Annotated[str, AfterValidator(_address)] | None = Field(default=None, repr=False)
    page_webhook_secret: Annotated[SecretStr | None, AfterValidator(_page_secret)] = Field(default=None, validate_default=True)
    log_level: Annotated[Level, BeforeValidator(str.lower)] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then `.env`, then the folder of credentials, if there is one."""
        folder = _credentials()
        files = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return (env_settings, dotenv_settings, *files)

    def secrets(self) -> list[str]:
        """Every value here that must never be seen, for `log.configure` to blot out wherever it turns up."""
        sealed = (self.bot_token, self.master_key, self.webhook_secret, self.watch_token, self.smtp_password, self.page_webhook_secret)
        words = [word.get_secret_value() for word in sealed if word]
        password = urlsplit(self.database_url).password or ""
        return words + [word for word in (password, unquote(password), self.heartbeat_url, self.page_webhook_url) if word]


def load() -> Settings:
    """Read and check every setting. Raises `SettingsError` naming each bad one and what to do, and shows no value."""
    _refuse_unknown({**os.environ, **_env_file(Path(ENV_FILE))})
    try:
        return Settings()
    except ValidationError as invalid:
        faults = [one for one in invalid.errors(include_input=False, include_url=False) if one["type"] != FOLLOWS]
        sentences = [_sentence(str(fault["loc"][0]), fault["msg"], fault["type"]) for fault in faults]
    raise SettingsError(why=" ".join(sentences))


def names() -> list[str]:
    """Every setting by its full name, in the order of `.env.example`."""
    return [PREFIX + name.upper() for name in Settings.model_fields]


def _inside(read: Mapping[str, Any], name: str) -> Path:
    folder: Path = read.get("data_dir", Path())
    return folder / name


def _credentials() -> Path | None:
    """The folder in which systemd (`LoadCredential=`) or a container hands over secrets, a file each, by the setting's name."""
    folder = os.environ.get(CREDENTIALS)
    return Path(folder) if folder and Path(folder).is_dir() else None


def _env_file(path: Path) -> dict[str, str | None]:
    if not path.is_file():
        return {}
    try:
        written = dotenv_values(path)
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(why=f"{path.name} cannot be read ({type(fault).__name__}). Make it a plain text file you may read.") from None
    holds_secret = any(written.get(PREFIX + name) for name in SECRETS)
    if holds_secret and os.name == "posix" and mode & 0o077:
        raise SettingsError(why=f"{path.name} holds a secret and others on this machine can read it. Run `chmod 600 {path.name}`.")
    return written


def _refuse_unknown(written: Mapping[str, str | None]) -> None:
    known = names()
    for name in sorted(written):
        if name.startswith(PREFIX) and name not in known and not name.startswith(OF_THE_TESTS):
            near = get_close_matches(name, known, n=1, cutoff=0.85)
            hint = f"Did you mean {near[0]}?" if near else "See .env.example for those there are."
            raise SettingsError(why=f"{name} is not a setting. {hint}")


def _sentence(field: str, message: str, kind: str) -> str:
    if kind == "value_error":
        return f"{PREFIX}{field.upper()} {message.removeprefix('Value error, ')}."
    if field.endswith("_port"):
        return f"{PREFIX}{field.upper()} must be a port, 1 to 65535."
    if kind == "literal_error" and field == "smtp_security":
        return f"{PREFIX}SMTP_SECURITY must be starttls, tls or none."
    if kind == "literal_error":
        return f"{PREFIX}{field.upper()} must be one of debug, info, warning or error."
    return f"{PREFIX}{field.upper()} cannot be used as it is; see .env.example for what it takes."
