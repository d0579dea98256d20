"""What happened, as JSON lines on stderr: codes, counts and row ids; never words, names, Telegram ids or secrets.

Our own code says `log = get("bot.intake")` and `log.info("intake.stored", count=3)`. What is not plainly a code or a
number is dropped. What libraries log is cut down to who, where and which kind of error, whatever they meant to say:
python-telegram-bot, httpx and SQLAlchemy put patients' words and the bot token into theirs, so nothing is let through by
trust. Warnings and exceptions that nobody caught go the same way.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger

DROPPED = "<dropped>"
HIDDEN = "<secret>"
CODE = re.compile(r"[A-Za-z0-9_.:+/-]{0,64}")
PLACE = re.compile(r"[\w.:/<>-]{0,200}", re.ASCII)
TOKEN = re.compile(r"(bot)?\d{6,12}(:|%3A)[A-Za-z0-9_-]{30,}|(?<=/bot)\d+(:|%3A)[^/\s\"]+", re.IGNORECASE)
# Keys whose value is dropped whatever it looks like.
WORDY = frozenset(
    {"text", "words", "name", "first_name", "phone", "address", "telegram_id", "caption", "title", "note", "answer"}
    | {"message", "payload", "body", "raw", "args", "token"}
)
FRAMES = 12  # how much of a traceback, and of a chain of causes, one line carries
FACTS = "between_facts"
SHORTEST_SECRET = 6  # blotting out less would eat ordinary codes

Event = MutableMapping[str, Any]


class Output:
    """Where lines go: the stream given to `configure`, else whatever stderr is at that moment."""

    stream: TextIO | None = None
    secrets: tuple[str, ...] = ()

    def write(self, line: str) -> None:
        with suppress(OSError, ValueError):  # a full disk or a closed stream must not stop the bot
            stream = self.stream or sys.stderr
            stream.write(redact(line) + "\n")
            stream.flush()


output = Output()


class _Logger:
    """What structlog hands a finished line to, by the name of the level."""

    def __init__(self, name: str = "between") -> None:
        self.name = _code(name)

    def msg(self, line: str) -> None:
        output.write(line)

    debug = info = warning = error = critical = msg


def configure(level: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Log at `level` (debug, info, warning, error) from here on, blotting out `secrets`. May be called again.

    Call it before anything else is done, with no secrets, and again once the settings are read. It replaces every other
    logging set-up of the process; a server or library that configures logging of its own must be told not to.
    """
    number = getattr(logging, level.upper())
    output.secrets = tuple(sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True))
    output.stream = stream
    _use(number)
    logging.raiseExceptions = False  # a handler that fails prints the record's arguments
    logging.setLogRecordFactory(_bare_record)
    logging.captureWarnings(False)
    warnings.showwarning = _on_warning
    sys.excepthook = _on_crash
    sys.unraisablehook = _on_unraisable
    threading.excepthook = _on_thread_crash
    for name in [None, *logging.root.manager.loggerDict]:
        logger = logging.getLogger(name)
        logger.handlers[:] = [_Root()] if name is None else []
        logger.propagate = True
    # Libraries below warning say only that they are alive, several times a second.
    logging.root.setLevel(number if number <= logging.DEBUG else max(number, logging.WARNING))


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Have this event loop report a task's uncaught exception as a line, without its words."""
    loop.set_exception_handler(_on_loop_fault)


def get(name: str) -> FilteringBoundLogger:
    """The logger of one of our modules. Safe to make at import, before `configure`."""
    return cast(FilteringBoundLogger, structlog.get_logger(name))


def redact(text: str) -> str:
    """`text` without bot tokens and without the secrets given to `configure`."""
    for secret in output.secrets:
        text = text.replace(secret, HIDDEN)
    return TOKEN.sub(HIDDEN, text)


def error_facts(error: BaseException) -> dict[str, Any]:
    """What may be said of an exception: its type, those that led to it, and where it was raised. No message, no values."""
    kinds = [_kind(each) for each in _chain(error)]
    return {"error": kinds[0], "frames": _frames(error.__traceback__)} | ({"causes": kinds[1:]} if kinds[1:] else {})


def _kind(error: BaseException) -> str:
    return _code(f"{type(error).__module__}.{type(error).__name__}".removeprefix("builtins."))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen and len(seen) < FRAMES:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__


def _frames(trace: TracebackType | None) -> list[str]:
    """The last frames as `room/file.py:line:function`, outermost first."""
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(_place(f"{_tail(code.co_filename)}:{trace.tb_lineno}:{code.co_name}"))
        trace = trace.tb_next
    return frames[-FRAMES:]


def _tail(path: str) -> str:
    return "/".join(PurePath(path).parts[-2:])


def _code(value: str) -> str:
    return value if CODE.fullmatch(value) else DROPPED


def _place(value: str) -> str:
    return value if PLACE.fullmatch(value) else DROPPED


def _safe(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, BaseException):
        return _kind(value)
    return _code(value) if isinstance(value, str) else DROPPED


def _allow(logger: _Logger, _method: str, event: Event) -> Event:
    """Keep what is plainly a number or a code. An exception becomes its type and frames."""
    fault = event.pop("exc_info", None)
    error = sys.exc_info()[1] if fault is True else fault[1] if isinstance(fault, tuple) else fault
    kept: Event = {_code(key): DROPPED if key.lower() in WORDY else _safe(value) for key, value in event.items() if key != "stack_info"}
    kept["logger"] = logger.name
    if isinstance(error, BaseException):
        kept.update(error_facts(error))
    return kept


def _line(_logger: object, method: str, event: Mapping[str, Any]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({**event, "severity": method, "time": now}, default=lambda _: DROPPED)


def _use(number: int) -> None:
    structlog.configure(
        processors=[_allow, _line],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_Logger,
        cache_logger_on_first_use=False,
    )


class _Root(logging.Handler):
    """The one handler of the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        where = f"{record.module}:{record.funcName}:{record.lineno}"
        facts: dict[str, Any] = getattr(record, FACTS, {})
        event = {"event": "library", "logger": _code(record.name), "where": _place(where), **facts}
        output.write(_line(None, _code(record.levelname.lower()), event))


def _bare_record(*made_of: Any, **more: Any) -> logging.LogRecord:
    """A record that never held the message: so no other handler, formatter or test can print it either."""
    name, level, path, line, _message, _args, fault, func = (*made_of, None)[:8]
    fault = more.get("exc_info", fault)
    error = fault[1] if isinstance(fault, tuple) else fault
    record = logging.LogRecord(name, level, path, line, "(not kept)", (), None, func or more.get("func"))
    setattr(record, FACTS, error_facts(error) if isinstance(error, BaseException) else {})
    return record


def _on_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None, line: str | None = None
) -> None:
    get("python").warning("warning", kind=category.__name__, where=f"{_tail(filename)}:{lineno}")


def _on_crash(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        get("python").critical("crash", exc_info=error)


def _on_thread_crash(fault: threading.ExceptHookArgs) -> None:
    get("python").critical("thread.crash", exc_info=fault.exc_value)


def _on_unraisable(fault: sys.UnraisableHookArgs) -> None:
    get("python").error("unraisable", exc_info=fault.exc_value)


def _on_loop_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    get("python").error("loop.fault", exc_info=context.get("exception"))


_use(logging.WARNING)
