"""Everything Between can tell its operator has gone wrong, each as one sentence that says what to do next.

The class docstring is the message; `**facts` fill its slots. Only codes, numbers, setting names and file paths may be
facts: never a patient's words, name or id, and never a secret. `bot.cli` prints the message without a traceback and exits
with `exit_code`. The rooms below `bot` raise errors of their own; the commands turn those an operator can meet into these.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import ClassVar


class BetweenError(Exception):
    """Between cannot go on. {why}"""

    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(" ".join(cleandoc(type(self).__doc__ or "").format(**facts).split()))


class UsageError(BetweenError):
    """This cannot be done as asked. {why}"""

    exit_code = 2


class SettingsError(UsageError):
    """{why}"""


class TokenMissing(UsageError):
    """There is no bot token. Get one from @BotFather in Telegram and put BETWEEN_BOT_TOKEN=<token> in .env; to look
    around without one, run `between demo`."""


class SetupNeeded(UsageError):
    """There is no clinic in {where}. Run `between setup` first. If yours is elsewhere, set {setting} to where it is."""


class KeyLost(UsageError):
    """The database is sealed with a key that is not here ({where}). Put the key back from your backup; without it what
    patients wrote cannot be read, and Between will not start over it with a new one."""


class DatabaseTooNew(UsageError):
    """The database was written by a newer Between (schema {found}; this version knows {known}). Install that version or
    newer; nothing has been changed."""


class DatabaseBehind(UsageError):
    """The database is older than this Between (schema {found}, needed {known}). Make a backup, then run
    `between migrate`."""


class BackupRunning(UsageError):
    """Another backup of this data folder is being made. Wait until it is done."""


class BackupFailed(BetweenError):
    """No backup was made. {why}"""


class RestoreRefused(UsageError):
    """This cannot be restored. {why} Nothing has been changed."""


class RestoreUnfinished(UsageError):
    """A restore stopped half-way, and what it left cannot be used. {instead}"""


class DoesNotOpen(BetweenError):
    """Something stored does not open with the keys at hand ({why}). See that the master key and the database belong together; if they
    do, restore the last backup into an empty folder. If the keys have just been rotated, start Between again."""


class StillOpenAlert(UsageError):
    """Somebody is still looking after '{code}': alert {ref} is open. Let whoever holds it close it in the chat with an
    outcome, then ask again. Nothing has been erased."""


class PortTaken(UsageError):
    """Port {port} is in use by another program. Stop that program or name another port with --port."""


class ListenerTaken(UsageError):
    """Port {port} {why}. Stop what uses it, or set {setting} to another."""


class WebhookRefused(UsageError):
    """Telegram refuses the webhook ({why}). Check BETWEEN_WEBHOOK_URL: https, a name Telegram can find, and port 443, 80, 88 or
    8443."""


class NotYet(UsageError):
    """{what} is not part of this version. {instead}"""


class TokenRefused(UsageError):
    """Telegram does not know this bot token. Copy it again from @BotFather into BETWEEN_BOT_TOKEN."""


class PollerTaken(BetweenError):
    """Another program is receiving this bot's messages. Stop it first; two would lose each other's messages."""


class AlreadyRunning(UsageError):
    """Between is already running on this data folder. One instance serves one bot; stop the other first."""


class WatchRunning(UsageError):
    """Another `between watch` watches from this data folder. One is enough; stop the other first, or name another BETWEEN_DATA_DIR."""


class NothingRemembered(BetweenError):
    """What this look found was said where it could be, but not written: the data folder takes nothing. A silent bot is believed to be
    dead at the second look, so the next `--once`, which knows nothing of this one, may alarm nobody. Free space, or make the folder
    writable; `between watch` without --once goes on meanwhile."""


class NothingToAlarmBy(UsageError):
    """There is no way to alarm anybody. Set BETWEEN_SMTP_HOST and BETWEEN_PAGE_MAIL, or BETWEEN_PAGE_WEBHOOK_URL."""


class AlreadySetUp(UsageError):
    """This database has its clinic already. To change it, give the options to change, such as --line."""


class NoDatabase(BetweenError):
    """The database cannot be used ({fault}). Check BETWEEN_DATA_DIR and BETWEEN_DATABASE_URL: the folder must be writable and
    not full, the file one that Between made, the server running."""


class ContentBroken(BetweenError):
    """The content files cannot be used as they are. {why}"""
