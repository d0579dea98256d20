"""A concern: which questions are asked, and what becomes of answers in words and of silence.

Words that worry and then no answer at all are told the same day (`bot.acts.concern_told`): the screen grades many imminent
messages only so high, and whoever means them may not tap (`docs/adr/024`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bot import cards, danger, talk
from bot.acts.concern_told import UNANSWERED, keep_concern
from bot.event import Event
from bot.flow.commands import KeepConcern
from bot.prompting import veiled
from bot.registry import due as due_kind
from bot.registry import look
from bot.sitting import Sitting
from bot.typed import asks_directly
from handlers import FLOWS
from handlers.follow_up import asks_about_dying
from handlers.worries import INBOX_ALONE
from safety.heard import Heard
from storage import due, inbox, notes, talks
from storage.due import DueRow
from storage.lines import confirmed
from storage.seal import SealBroken
from storage.talks import TalkRow

SILENT = "concern_silent"
SILENCE = timedelta(minutes=15)
WORSE = "crisis.worry.worse_words"
"""What answers words that worry by themselves; they are with an alert that is open already (`bot.turn`)."""
NOTHING = "silent"
"""The code for staff of no answer at all."""
BARRIER = "barrier"
ASKING = ("concern", "follow_up", BARRIER)
VIOLENCE = "violence"
FIRST = "first_"
ASKED_DIRECTLY = ("suicide", "self_harm")
"""What is asked about even when other questions are under way."""


def ask(s: Sitting, heard: Heard, *, answers: bool = False) -> None:
    """Begin the questions that fit what was heard, and listen for an answer. Who is being asked already goes on from where they are.

    answers: it was typed where they are asked directly outside of these questions; then there is a line of that, as of any words there.
    """
    about, seen = _about(heard), _may_be_seen(s)
    if answers and waiting(s) is None:
        take_words(s, about, WORSE)
    _put(s, about, heard)
    listen(s, about, veil=seen)


def listen(s: Sitting, about: str, *, veil: bool = False) -> None:
    """From now on no answer is silence. Counted once for each conversation, from the last words that worried; from then on it waits as long
    as a new one."""
    asked = waiting(s)
    if asked is None:
        return
    veil = veil or about == VIOLENCE or _may_be_seen(s)
    talk.give_time(s, asked)
    due.cancel(s.u, SILENT, asked.id, "moved")
    due.plan(s.u, SILENT, asked.id, f"{SILENT}:{s.source}", s.u.now + SILENCE, chat=s.chat.id, since=s.source, about=about, veil=veil)


def _may_be_seen(s: Sitting) -> bool:
    """Whether violence has come up in the questions that wait: then somebody may be beside them, whatever they spoke of last."""
    asked = waiting(s)
    if asked is None:
        return False
    return _about_what(asked) == VIOLENCE or any(row.args.get("veil") for row in due.planned(s.u, SILENT, asked.id))


def waiting(s: Sitting) -> TalkRow | None:
    """The questions that wait for an answer here, if there are any."""
    row = talks.waiting(s.u, s.chat)
    return row if row is not None and row.flow in ASKING else None


def _about_what(asked: TalkRow) -> str:
    """What questions were begun about; what was said since does not change that. Who can't come is asked directly, about dying."""
    return "suicide" if asked.flow == BARRIER else str(asked.body["me"]["start"].get("about"))


def _silence_counts(asked: TalkRow, heard: Iterable[DueRow]) -> bool:
    """Whether no answer at all is told of. `heard`: what is listened to; the questions of who can't come may have had no worrying words."""
    if asked.flow != BARRIER:
        return _about_what(asked) not in INBOX_ALONE
    return _asks(asked) and any(row.args.get("about") != BARRIER for row in heard)


def _asks(row: TalkRow) -> bool:
    """Whether this talk is at the questions: what is in the way of coming is asked before and after them."""
    return row.flow != BARRIER or talk.left_as(row) is not None


def _put(s: Sitting, about: str, heard: Heard) -> None:
    asked = waiting(s)
    under_way = asked if asked is not None and _asks(asked) else talks.parked(s.u, s.chat, "concern")
    if under_way is not None and not _is_new(under_way, about):
        if cards.in_spanish(danger.rule_of(heard)) and (line := spanish(s)):
            s.say("crisis.es.also", line=line)
        before = talk.before_last_text(s, under_way)  # an edit takes back what was typed
        takes_back = before is not None and asks_directly(before, "") is not None
        if takes_back and before is not None:
            under_way = before
        if under_way.state == "parked" and not takes_back:
            talk.resume(s, under_way)
        elif (key := asks_directly(under_way, "")) is not None:
            if under_way.state == "parked":
                talk.park(s)
            in_words(s, under_way, key, said=WORSE, about=about)
        else:
            talk.show_again(s, under_way)
        if waiting(s) is not None:
            return  # else it was of another version, and is closed
    elif under_way is not None:
        talk.close(s, under_way, "partial")
    talk.start(s, "concern", {"about": about, "spanish": cards.in_spanish(danger.rule_of(heard))})


def _is_new(under_way: TalkRow, about: str) -> bool:
    """Whether this is asked about at once, although other questions are under way."""
    asked = _about_what(under_way)
    asks_it = about == "suicide" and under_way.flow == "follow_up" and asks_about_dying(asked)
    return about != asked and about in ASKED_DIRECTLY and not asks_it


def _about(heard: Heard) -> str:
    """The track that was heard, or "third" for worry about somebody else."""
    return "third" if "third" in danger.rule_of(heard).split(".") else heard.track.value


@due_kind(SILENT)
def silent(s: Sitting, row: DueRow) -> None:
    """Fifteen minutes after the words that worried: whoever is silent is told of, and told so, with the question once more.

    A tap on the note that says nothing comes here too.
    """
    asked, tapped = _listened_to(s, row), s.event.kind != "due"
    stands = s.who is not None and s.who.active and not danger.is_under_way(s)
    if asked is None or not stands or not (tapped or _fell_silent(s, row, asked)):
        if tapped:
            s.say("bot.note_over")
        return
    told = not tapped and _tell_of_silence(s, row, asked)
    violence = VIOLENCE in (row.args["about"], _about_what(asked))
    if veiled(s, row, always=violence or bool(row.args.get("veil")), urgent=True):
        return
    draft = s.draft().add("crisis.worry.silent", **ways(s, VIOLENCE if violence else "suicide"))
    s.post(draft.add("crisis.worry.told") if told else draft)
    again = talks.talk(s.u, s.chat, asked.id)  # as it is now that it was told
    if again is not None and again.state == "parked":
        talk.resume(s, again)
    elif again is not None:
        talk.show_again(s, again)


def _listened_to(s: Sitting, row: DueRow) -> TalkRow | None:
    """The questions this row listens to, while they wait or are parked. A row of an earlier version names none: then those that wait."""
    if "since" not in row.args:
        return waiting(s)
    found = talks.talk(s.u, s.chat, row.subject)
    return found if found is not None and found.flow in ASKING and found.state in ("waiting", "parked") else None


def _fell_silent(s: Sitting, row: DueRow, asked: TalkRow) -> bool:
    """Whether they have said nothing since the words that worried, or, if what they have answered so far worries, nothing for fifteen
    minutes. Else the row listens on: an answer may worry later, also once silence was told. It ends with the questions."""
    last = inbox.answered_at(s.u, s.chat, int(row.args.get("since", row.subject)))
    if last is not None and last + SILENCE > s.u.now:
        due.move(s.u, row.id, last + SILENCE)
        return False
    told, code = row.args.get("told"), _comes_to(asked)
    if code != told and (code != NOTHING or (told is None and last is None and _silence_counts(asked, (row,)))):
        return True
    due.move(s.u, row.id, s.u.now + SILENCE)
    return False


def _worry(asked: TalkRow) -> KeepConcern | None:
    """What was answered so far, if it worries."""
    left = talk.left_as(asked)
    return left if isinstance(left, KeepConcern) and left.code not in UNANSWERED else None


def _comes_to(asked: TalkRow) -> str:
    """The code of what was answered so far, if it worries, and else of silence alone."""
    worry = _worry(asked)
    return worry.code if worry is not None else NOTHING


def _tell_of_silence(s: Sitting, row: DueRow, asked: TalkRow) -> bool:
    """Staff find what was answered before, if it worries, and that it was followed by silence. Whether somebody on call was told.

    The question is put once more: what is answered to that, and then silence, is listened for anew."""
    code = _comes_to(asked)
    if code != NOTHING:
        notes.add(s.u, s.person.id, "concern", code)
    talks.save_talk(s.u, s.chat, asked.id, body={**asked.body, talk.KEPT: code}, touch=False)
    if "since" in row.args:
        due.plan(s.u, SILENT, asked.id, f"{SILENT}:{row.id}", s.u.now + SILENCE, chat=s.chat.id, **{**row.args, "told": code})
    return keep_concern(s, KeepConcern(NOTHING, today=True))


def in_words(s: Sitting, asked: TalkRow, key: str, said: str = "crisis.worry.in_words", about: str = "") -> None:
    """Words in place of a tap, at a direct question: they may be the gravest answer, and nobody here understands them. Staff find once for
    each question that there were some, never which; whoever is on call is told to look today. The question is put again.

    said: what answers them; words that worry by themselves (`ask`) have an answer of their own, and are `about` something.
    """
    today = key.removeprefix(FIRST) not in INBOX_ALONE
    about = VIOLENCE if about == VIOLENCE else _about_what(asked)
    known = take_words(s, about, said, today=today, again=asked.body.get(talk.IN_WORDS) == key)
    talk.show_again(s, replace(asked, body={**asked.body, talk.IN_WORDS: key}) if known else asked)


def take_words(s: Sitting, about: str, said: str = "crisis.worry.in_words", *, today: bool = True, again: bool = False) -> bool:
    """What is said, and told, of words in place of a tap. again: staff have the line of this question already. Whether they have it now:
    while an alert is under way none is written, so that what comes once it is closed is told."""
    if s.event.kind == "media":
        inbox.mark(s.u, s.source, inbox.WORDS)  # what is below a picture was read
    draft = s.draft()
    if danger.is_open(s) if said == WORSE else danger.add_context(s):
        draft.add("bot.needs_tap")  # the words are with the alert
    else:
        draft.add(said, **ways(s, VIOLENCE if about == VIOLENCE else "suicide"))
    tells = not again and not danger.is_under_way(s)
    if tells:
        told = keep_concern(s, KeepConcern("in_words" if today else "unclear", today=today, calm=False))
        draft.add("crisis.worry.told" if told else "crisis.worry.seen")
    s.post(draft)
    return again or tells


def leave(s: Sitting) -> None:
    """Nothing can be answered here any more: what was answered is kept, as when a talk runs out, and no answer to these questions is told
    of as silence would be."""
    at = replace(s, event=Event("due", 0))
    for flow in (name for name, kind in FLOWS.items() if kind.partial is not None):
        with suppress(SealBroken):  # what can't be read any more holds up nobody's new phone
            for row in talks.open_talks(s.u, s.chat, flow):
                if flow in ASKING:
                    _leave(at, row)
                else:
                    talk.close(at, row, "partial")


def _leave(s: Sitting, row: TalkRow) -> None:
    worry = _worry(row)
    alone = worry is None and not _silence_counts(row, due.planned(s.u, SILENT, row.id))
    told = row.body.get(talk.KEPT) == _comes_to(row) or alone or (worry is not None and worry.today)
    talk.close(s, row, "partial")
    if not told and not danger.is_under_way(s):
        keep_concern(s, KeepConcern(NOTHING, today=True))


@look("crisis.ways")
def ways(s: Sitting, purpose: str) -> dict[str, str]:
    """{"line", "emergency"}: the ways to a person in the patient's country, for one purpose of the hotlines."""
    lines = danger.Lines.of(s.person.country, purpose, confirmed(s.u))
    return {"line": lines.line, "emergency": lines.emergency}


@look("crisis.spanish")
def spanish(s: Sitting) -> str:
    """The way to the Spanish-speaking line of the patient's country, in Spanish; empty where there is none."""
    return cards.spanish_way(s.words, s.person.country, confirmed(s.u))
