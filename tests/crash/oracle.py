"""What must be true after an episode, whatever ended the bot in it. What people typed, tapped and read is Telegram's word, not ours."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from bot.emergency import Emergency
from bot.sending import DOUBT
from safety import auditor
from storage import audit, notes, people
from storage.due import DUE
from storage.outbox import ESCALATION, PROMPT
from storage.outbox_rows import OUTBOX
from storage.seal import SealBroken
from storage.store import Unit, table
from storage.tables import Audit, Chat, CheckIn, Entry, Inbox, Observation
from tests.crash.world import Lost, World, shown
from tests.mailbox import words_of

LATE = timedelta(seconds=30)
STORM, AT_ONCE = timedelta(minutes=10), 2
CHATS = table(Chat)


def judge(w: World) -> None:
    """Raises `Lost` with everything that does not hold."""
    store = w.opened()
    try:
        with store.unit(w.clock.now()) as u:
            wrong = [*_handled(u, w), *_shown_is_saved(u, w), *_repeats(u, w), *_goes_on(u), *_storm(u), *_told(u), *_sound(u)]
    finally:
        store.close()
    wrong += _other_ways(w)
    if wrong:
        raise Lost("; ".join(wrong))


def _handled(u: Unit, w: World) -> list[str]:
    """Each update that Telegram was told to forget is here once and was taken; none is set aside."""
    states = Counter(u.run(select(table(Inbox).c.state)).scalars())
    wrong = []
    if sum(states.values()) != w.here.queue.confirmed:
        wrong.append(f"{w.here.queue.confirmed} updates were confirmed, {sum(states.values())} are here")
    if set(states) - {"done"}:
        wrong.append(f"updates were not taken: {dict(states)}")
    return wrong


def _shown_is_saved(u: Unit, w: World) -> list[str]:
    """A tick is true; and an answer whose update was confirmed is there, also when its tick was lost on the way."""
    wrong = []
    for phone, code in ((w.robin, "0001"), (w.sam, "0002")):
        who = people.person_by_code(u, code)
        if who is None or who.status == "forgotten":
            continue
        entries = table(Entry)
        kept = u.run(select(func.count()).select_from(entries).where(entries.c.person_id == who.id)).scalar_one()
        ticks = len(shown(phone, "Kept, private")) + len(shown(phone, "Kept in your journal"))
        if ticks > kept:
            wrong.append(f"{ticks} entries were shown as kept, {kept} are")
        rows = table(CheckIn)
        complete = u.run(select(func.count()).select_from(rows).where(rows.c.person_id == who.id, rows.c.status == "complete")).scalar_one()
        values = table(Observation)
        mood = u.run(select(values.c.value).where(values.c.person_id == who.id, values.c.item == "mood")).scalars().all()
        if shown(phone, "✓ Saved") and (complete != 1 or 6 not in mood):
            wrong.append(f"the check-in was shown as saved, and is not: {complete}, {mood}")
    return wrong


def _repeats(u: Unit, w: World) -> list[str]:
    """No message was sent more often than there are rows for it, but for crisis lanes after a doubt, and there with the mark."""
    rows = u.all(select(OUTBOX, CHATS.c.key_id, CHATS.c.address).join(CHATS, CHATS.c.id == OUTBOX.c.chat_id))
    allowed: Counter[tuple[int, str]] = Counter()
    wrong, unread = [], set()
    for row in rows:
        if row.state == "leased":
            wrong.append(f"a row of lane {row.lane} is still on its way")
        try:
            address = int(u.open(row.key_id, "chat.address", row.chat_id, row.address))
            payload = u.open_json(row.key_id, "outbox.payload", row.id, row.payload)
        except (SealBroken, ValueError):
            unread.add(row.chat_id)
            continue
        text = str(payload.get("text", ""))
        if payload.get("repeat") and row.lane <= ESCALATION:
            allowed[address, text] += row.attempt - 1
            text = text.split("\n\n", 1)[1]
        allowed[address, text] += 1
    if not unread:
        wrong += [f"sent {n} times, {allowed[key]} meant: {key[1][:40]!r}" for key, n in _sent(w).items() if n > allowed[key]]
    return wrong


def _other_ways(w: World) -> list[str]:
    """What went by mail or webhook a second time, under the same id, says that it may be a repeat."""
    mailed = Counter(letter["Message-ID"] for letter in w.mail.letters if "may be a repeat" not in words_of(letter))
    posted = Counter(body["id"] for body in w.pages.bodies if not body["repeat"])
    return [f"a page went {times} times another way, unmarked" for times in (mailed | posted).values() if times > 1]


def _sent(w: World) -> Counter[tuple[int, str]]:
    """What Telegram took as a new message, but for the card from memory, which is given without rows."""
    calls = [call for call in w.here.calls if call.method == "sendMessage" and call.ok]
    card = Emergency(_nobody).text
    return Counter((int(call.params["chat_id"]), str(call.params["text"])) for call in calls if call.params["text"] != card)


async def _nobody(address: int, text: str) -> bool:
    return False


def _goes_on(u: Unit) -> list[str]:
    """Every open alert has its next step, and nothing that is due was left lying."""
    wrong = []
    if auditor.audit(u).repaired:
        wrong.append("an open alert had lost its next step")
    overdue = u.all(select(DUE.c.kind).where(DUE.c.state == "ready", DUE.c.due_at < u.now - LATE))
    if overdue:
        wrong.append(f"due and not done: {sorted(row.kind for row in overdue)}")
    return wrong


def _storm(u: Unit) -> list[str]:
    """However long it was gone: no more reminders and prompts to anybody within ten minutes than the two of a day that is in time."""
    asked = (OUTBOX.c.lane == PROMPT) & (OUTBOX.c.kind == "send") & OUTBOX.c.state.in_(("sent", "unknown"))
    rows = u.all(select(OUTBOX.c.chat_id, OUTBOX.c.created_at).where(asked).order_by(OUTBOX.c.created_at))
    times = [[row.created_at for row in rows if row.chat_id == chat] for chat in {row.chat_id for row in rows}]
    stormy = any(later - first < STORM for of_one in times for first, later in zip(of_one, of_one[AT_ONCE:], strict=False))
    return ["a storm of reminders and prompts"] if stormy else []


def _told(u: Unit) -> list[str]:
    """Staff see whose message is in doubt and was not repeated."""
    doubtful = u.all(select(CHATS.c.person_id).join(OUTBOX, OUTBOX.c.chat_id == CHATS.c.id).where(OUTBOX.c.state == "unknown").distinct())
    told = {note.person for note in notes.unseen(u, 1000) if note.code == DOUBT}
    return ["a message is in doubt and no staff can see it" for row in doubtful if row.person_id is not None and row.person_id not in told]


def _sound(u: Unit) -> list[str]:
    wrong = []
    if u.connection.dialect.name == "sqlite" and u.connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() != "ok":
        wrong.append("the database file is damaged")
    subjects = set(u.run(select(table(Audit).c.subject)).scalars())
    wrong += ["the audit chain is broken" for subject in subjects if audit.first_break(u, subject) is not None]
    return wrong
