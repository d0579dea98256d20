"""The journal: write, read back, share with a preview of exactly what the team will read, take that back, delete.

Everything is private until it is shared, entry by entry. Each message becomes an entry of its own, kept the moment it comes in.
"""

from __future__ import annotations

from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking, Text, YesNo
from bot.flow.commands import DeleteEntry, SaveJournal, ShareEntry
from handlers.cards.card import Part

PAGE = 5
MOST_MESSAGES, MOST_PAGES, MOST_PREVIEWS = 60, 40, 20
"""How many messages can be written, lists be turned over and previews be shown in one sitting; after that it closes and can be opened
anew."""
PIECE = 3500
"""UTF-16 units of an entry that go into one message: Telegram takes 4,096, and a heading has to fit in too."""


def journal(me: Me) -> Talking:
    what = yield Ask("menu", Choice(of=(("write", "journal.button.write"), ("read", "journal.button.read"))))
    yield from (_write() if what == "write" else _read())


def pieces(words: str, size: int = PIECE) -> list[str]:
    """The words in parts of at most `size` UTF-16 units, cut at a line or a space where there is one. Nothing is lost but that space."""
    parts = []
    while len(words.encode("utf-16-le")) // 2 > size:
        head = words.encode("utf-16-le")[: 2 * size].decode("utf-16-le", "ignore")
        cut = max(head.rfind("\n"), head.rfind(" "))
        head = head[:cut] if cut > len(head) // 2 else head
        parts.append(head)
        words = words[len(head) :].lstrip()
    return [*parts, words] if words else parts


def _write() -> Part:
    written: list[int] = []
    wants = "done"
    for n in range(1, MOST_MESSAGES + 1):
        more = ("done", "journal.button.done"), ("share", "journal.button.share")
        words = "journal.more" if written else "journal.write"
        typed = yield Ask(f"words_{n}", Text(of=more if written else (("done", "journal.button.nothing"),)), words=words)
        if isinstance(typed, list):
            wants = typed[0]
            break
        written.append((yield Do(SaveJournal(typed))))
    if wants == "share":
        yield from _share("written", written)
    elif written:
        yield Say("journal.kept")
    else:
        yield Say("journal.nothing")


def _share(key: str, ids: list[int]) -> Part:
    """Show the words as the team will read them, then ask. Without a yes they stay private; what was changed meanwhile is shown anew."""
    sure = YesNo("journal.button.share_yes", "journal.button.share_no", columns=1)
    none_left = "journal.gone"
    for n in range(1, MOST_PREVIEWS + 1):
        shown = []
        for id in ids:
            shown += yield from _preview(id)
        if not shown:
            yield Say(none_left)
            return
        if not (yield Ask(f"share_{key}" if n == 1 else f"share_{key}_{n}", sure, words="journal.share_ask")):
            break
        ids = []
        for id in shown:
            if (yield Do(ShareEntry(id, True))):
                none_left = "journal.shared"
            else:
                ids.append(id)
        if not ids:
            yield Say("journal.shared")
            return
    yield Say("journal.rest_private" if none_left == "journal.shared" else "journal.stays_private")


def _preview(id: int) -> Part:
    """The words of an entry as they stand now. Evaluates to the version that was shown, in a list that is empty when it is gone."""
    entry = yield Read("journal.entry", {"id": id})
    if entry is None:
        return []
    yield Say("journal.preview", {"when": entry["when"]}, alone=True)
    for piece in pieces(entry["words"]):
        yield Say("journal.words", {"entry": piece}, alone=True)
    return [entry["id"]]


def _read() -> Part:
    """A page of the newest entries, one of them opened, and back to the page, until they close it."""
    offset = 0
    for n in range(1, MOST_PAGES + 1):
        page = yield Read("journal.list", {"offset": offset, "limit": PAGE})
        entries = page["entries"]
        if not entries and offset == 0:
            yield Say("journal.empty")
            return
        for place, entry in enumerate(entries, 1):
            yield Say(_line(entry), {"n": place, "when": entry["when"], "start": entry["words"]})
        of = [("older", "journal.button.older")] if page["older"] else []
        of += [("newer", "journal.button.newer")] if offset else []
        of.append(("close", "journal.button.close"))
        chosen = yield Ask(f"page_{n}", Choice(numbered=len(entries), of=tuple(of), columns=3), words="journal.page")
        if chosen == "close":
            return
        if chosen in ("older", "newer"):
            offset = max(0, offset + (PAGE if chosen == "older" else -PAGE))
        elif (yield from _entry(n, entries[int(chosen) - 1]["id"])):
            offset = 0


def _entry(n: int, id: int) -> Part:
    """One entry, whole, and what can be done with it. True when it was deleted."""
    entry = yield Read("journal.entry", {"id": id})
    if entry is None:
        yield Say("journal.gone")
        return True
    parts = pieces(entry["words"])
    yield Say("journal.head_shared" if entry["shared"] else "journal.head_private", {"when": entry["when"]}, alone=len(parts) > 1)
    for piece in parts:
        yield Say("journal.words", {"entry": piece}, alone=len(parts) > 1)
    ways = ("unshare" if entry["shared"] else "share", "delete", "back")
    chosen = yield Ask(f"entry_{n}", Choice(of=tuple((way, f"journal.button.{way}") for way in ways)), words="journal.entry")
    if chosen == "share":
        yield from _share(str(n), [id])
    elif chosen == "unshare":
        yield Say("journal.unshared" if (yield Do(ShareEntry(id, False))) else "journal.gone")
    elif chosen == "delete":
        sure = YesNo("journal.button.delete_yes", "journal.button.delete_no", columns=1)
        if (yield Ask(f"delete_{n}", sure, words="journal.delete_ask")):
            yield Say("journal.deleted" if (yield Do(DeleteEntry(id))) else "journal.gone")
            return True
    return False


def _line(entry: dict[str, Any]) -> str:
    return "journal.line_shared" if entry["shared"] else "journal.line_private"


def worth(me: Me, answers: dict[str, Any]) -> bool:
    """Every message is kept the moment it comes in, so there is nothing to come back to."""
    return False


FLOWS = (Flow("journal", journal, expires=180, later=False, worth=worth),)
