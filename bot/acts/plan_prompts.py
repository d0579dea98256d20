"""When the bot speaks of the safety plan by itself: after an alert was closed, 90 days after it was last changed or looked through,
once a month to rehearse it on a calm day, and when a member of staff suggests to write one.

All within consent, pause and quiet hours, and never while an alert is open. Each patient has at most one row of each kind waiting.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot import danger, talk
from bot.panel import HELP
from bot.prompting import may_prompt, terms, veiled
from bot.registry import due as due_kind
from bot.registry import recurring, tap
from bot.sitting import Sitting
from storage import calm, check_ins, due, escalations, people, plans
from storage.due import DueRow
from storage.escalations import EscalationRow
from storage.outbox import PROMPT
from storage.people import ChatCard, PersonCard
from storage.store import Unit
from storage.talks import PromptRow
from storage.wall import instant, local

REVIEW, QUARTER, REHEARSAL, SUGGESTED = "plan_review", "plan_quarter", "plan_rehearsal", "plan_suggested"
"""The due kinds. Slots name the person, or the alert, and the day."""
AFTER_ALERT = timedelta(hours=72)
STILL_ABOUT_IT = timedelta(days=14)
"""How long after that a review still belongs to the alert; a pause is at most as long."""
EVERY = {QUARTER: timedelta(days=90), REHEARSAL: timedelta(days=30)}
CALM_FOR = timedelta(days=7)
CALM_MOOD = 4
AT = {REVIEW: "16:00", QUARTER: "17:00", REHEARSAL: "16:00"}
"""The patient's wall time; a quarterly look comes after the hour of a rehearsal, which then knows of it."""
A_MOMENT = timedelta(minutes=1)
SUGGESTION = timedelta(days=3)
STAYS = timedelta(days=1)
"""How long a prompt that was tapped for may wait to be sent."""
WANTED = "consent:program"


def after_alert(s: Sitting, row: EscalationRow) -> None:
    """An alert was closed: the plan is looked through in the next calm hour after three days; who has none is offered to write one.

    Not when it was a false alarm, nor when they have no chat any more: that of the alert may be somebody else's.
    """
    if row.outcome == "false_alarm" or people.chat_of(s.u, row.person) is None:
        return
    at = s.u.now + AFTER_ALERT
    due.cancel(s.u, REVIEW, row.person, "moved")
    due.plan(s.u, REVIEW, row.person, f"{REVIEW}:{row.id}", at, chat=row.chat, send_by=at + STILL_ABOUT_IT, why="alert")


def after_change(u: Unit, who: PersonCard, chat: ChatCard) -> None:
    """The 90 days begin anew; the monthly rehearsal begins with the plan. Without a plan neither is due."""
    if not plans.exists(u, who.id):
        nothing_planned(u, who)
        return
    _put_off(u, who, chat, QUARTER)
    if not due.planned(u, REHEARSAL, who.id):
        _put_off(u, who, chat, REHEARSAL)


def keep(u: Unit, who: PersonCard, chat: ChatCard) -> None:
    """Who comes back to the program with a plan is asked about it again; what waits has followed them (`storage.invites`)."""
    if plans.exists(u, who.id):
        for kind in EVERY:
            if not due.planned(u, kind, who.id):
                _put_off(u, who, chat, kind)


def after_review(u: Unit, who: PersonCard, chat: ChatCard) -> None:
    """Whatever it was looked through for, it has been: both begin anew."""
    due.cancel(u, REVIEW, who.id, "answered")
    for kind in EVERY:
        _put_off(u, who, chat, kind)


def nothing_planned(u: Unit, who: PersonCard) -> None:
    for kind in EVERY:
        due.forget_plan(u, kind, who.id)


def suggest(s: Sitting, whom: PersonCard, chat: ChatCard) -> bool:
    """By staff: ask this patient to write a plan, once a day at most. False when that was done today."""
    slot = f"{SUGGESTED}:{whom.id}:{local(s.u.now, whom.zone).date()}"
    return due.plan(s.u, SUGGESTED, whom.id, slot, s.u.now, chat=chat.id, send_by=s.u.now + SUGGESTION, by=s.person.id)


@due_kind(REVIEW)
def review(s: Sitting, row: DueRow) -> None:
    _speak(s, row, "alert")


@due_kind(QUARTER)
def quarter(s: Sitting, row: DueRow) -> None:
    if s.event.kind == "due" and s.who is not None and due.planned(s.u, REVIEW, s.who.id):
        due.dropped(s.u, row.id, "answered")  # the one after the alert asks the same
        return
    _speak(s, row, "quarter")
    if s.who is not None and s.event.kind == "due":
        _move(s.u, s.who, REHEARSAL, s.u.now + EVERY[REHEARSAL])


@due_kind(REHEARSAL)
def rehearsal(s: Sitting, row: DueRow) -> None:
    if s.event.kind == "due" and s.who is not None:
        if not _calm(s):
            _another_day(s, row, s.local.date() + timedelta(days=1))
            return
        soon = [each for kind in (REVIEW, QUARTER) for each in due.planned(s.u, kind, s.who.id)]
        if any(each.due_at < s.u.now + CALM_FOR for each in soon):
            due.dropped(s.u, row.id, "answered")  # it is looked through soon anyway
            return
    _speak(s, row, "rehearsal")


@due_kind(SUGGESTED)
def suggested(s: Sitting, row: DueRow) -> None:
    if s.who is None or plans.exists(s.u, s.who.id):
        due.dropped(s.u, row.id, "answered")
    elif may_prompt(s, row) and not veiled(s, row, wanted=WANTED):
        by = people.person(s.u, int(row.args["by"]))
        _offer(s, row, "plan.prompt.suggested", name=by.name)


@recurring(QUARTER)
def plan_quarter(u: Unit, row: DueRow) -> None:
    _plan_next(u, row)


@recurring(REHEARSAL)
def plan_rehearsal(u: Unit, row: DueRow) -> None:
    _plan_next(u, row)


@tap("plan")
def answer(s: Sitting, prompt: PromptRow, option: str) -> None:
    """look (through it), write, or not_now."""
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if option == "look":
        talk.start(s, "plan_review", {"why": prompt.args.get("why", "self")})
    elif option == "write":
        talk.start(s, "plan", {"open": "write"})
    else:
        s.say("plan.not_now")


def _speak(s: Sitting, row: DueRow, why: str) -> None:
    """Ask to look through the plan. In a pause it waits for the day after, in the quiet days after danger for their end; while an
    alert is open the regular ones wait too."""
    if s.event.kind == "due" and s.who is not None:
        paused = s.who.paused_until
        if paused is not None and s.local.date() <= paused:
            _another_day(s, row, paused + timedelta(days=1))
            return
        calm_ends = calm.ends(s.u, s.who.id)
        if row.kind == REVIEW and calm_ends is not None and not danger.is_open(s):
            due.move(s.u, row.id, calm_ends + A_MOMENT)
            return
        if row.kind in EVERY and (calm_ends is not None or danger.is_open(s)):
            _another_day(s, row, s.local.date() + timedelta(days=1))
            return
    if not may_prompt(s, row) or veiled(s, row, wanted=WANTED):
        return
    if plans.exists(s.u, s.person.id):
        _offer(s, row, f"plan.prompt.{why}", why=why)
    elif why == "alert":
        _offer(s, row, "plan.prompt.none_yet")


def _offer(s: Sitting, row: DueRow, words: str, why: str | None = None, **slots: str) -> None:
    draft = s.draft().add(words, **slots)
    draft.row(draft.button("look", "plan.prompt.look") if why else draft.button("write", "plan.prompt.write"))
    draft.row(draft.button("not_now", "button.not_now"), draft.button(HELP, "button.help"))
    args = {"why": why} if why else {}
    wanted = WANTED if s.event.kind == "due" else None  # whoever opened a note gets what it stands for
    s.offer(draft, "act", "plan", subject=s.person.id, args=args, lane=PROMPT, wanted=wanted, **terms(s, row, s.u.now + STAYS))


def _calm(s: Sitting) -> bool:
    """No alert open or within the last days, and the last mood they told, if they did, not low."""
    since = s.u.now - CALM_FOR
    if any(row.closed_at is None or row.closed_at > since for row in escalations.of_person(s.u, s.person.id)):
        return False
    mood = check_ins.newest(s.u, s.person.id, "mood")
    return mood is None or mood >= CALM_MOOD


def _another_day(s: Sitting, row: DueRow, day: date) -> None:
    """Not today. Of the regular ones the next has been planned with this firing, and comes that day instead: there is never a second."""
    at = _at(s.person, row.kind, day)
    if row.kind in EVERY and _move(s.u, s.person, row.kind, at):
        due.dropped(s.u, row.id, "moved")
    else:
        due.move(s.u, row.id, at)


def _plan_next(u: Unit, row: DueRow) -> None:
    """The one after this, from now on; it moves on when the plan is changed or looked through meanwhile."""
    who, chat = people.person(u, row.subject), people.chat_of(u, row.subject)
    waits = [each for each in due.planned(u, row.kind, row.subject) if each.id != row.id]
    if who.active and chat is not None and not waits and plans.exists(u, who.id):
        _plan(u, who, chat, row.kind, u.now + EVERY[row.kind])


def _put_off(u: Unit, who: PersonCard, chat: ChatCard, kind: str) -> None:
    at = u.now + EVERY[kind]
    if not _move(u, who, kind, at):
        _plan(u, who, chat, kind, at)


def _move(u: Unit, who: PersonCard, kind: str, near: datetime) -> bool:
    """Let what waits of a kind come on the local day of `near` instead. False when nothing waits."""
    waits = due.planned(u, kind, who.id)
    for row in waits:
        due.move(u, row.id, _at(who, kind, local(near, who.zone).date()))
    return bool(waits)


def _plan(u: Unit, who: PersonCard, chat: ChatCard, kind: str, near: datetime) -> None:
    """Slots may be in use from a time before the plan was erased, so each has an id of its own."""
    at = _at(who, kind, local(near, who.zone).date())
    due.plan(u, kind, who.id, f"{kind}:{who.id}:{u.new_id()}", at, chat=chat.id)


def _at(who: PersonCard, kind: str, day: date) -> datetime:
    return instant(day, AT[kind], who.zone)
