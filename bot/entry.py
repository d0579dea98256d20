"""Who comes in and who stays outside: strangers, invitations, the welcome, and people for whom nothing is on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot import contact_door, danger, menu, talk, taps
from bot.acts import concern, outcome
from bot.acts.check_in import check_in_now
from bot.acts.profile import replan
from bot.flow.commands import ShowHome
from bot.panel import HELP
from bot.registry import act, command, tap
from bot.sitting import Sitting
from safety.heard import Heard, Level
from storage import audit, contacts, inbox, invites, my_data, notes, people, talks
from storage.people import ChatCard, PersonCard
from storage.talks import PromptRow

TRIES, ALL_TRIES, TRY_WINDOW = 5, 200, timedelta(hours=1)
"""Wrong invitations of one chat, and of everybody together, after which no code is looked at until the window has passed."""


def outside(s: Sitting, heard: Heard) -> None:
    """Someone this program does not know, or no longer: an invitation, or a kind word about where to find one.

    Whoever asks for help, or worries, gets the numbers before it is said that nobody here is told.
    """
    command = s.event.command if s.event.kind == "command" else ""
    worries, tapped = heard.level is Level.CONCERN, taps.for_help(s)
    for_help = worries or bool(tapped) or command in ("help", "sos")
    if s.who is None and not for_help and not (command == "start" and s.event.argument) and contact_door.take(s):
        return
    if tapped and taps.doubled(s):
        return
    if command == "start" and s.event.argument:
        _redeem(s)
    elif "sos" in (command, tapped) and s.who is not None and s.who.role == "patient" and danger.is_open(s):
        danger.from_button(s, "high", "sos", "suicide")  # as with words of danger: a human still has their alert
    elif for_help:
        _numbers(s, heard)
    elif s.who is not None and s.who.status == "declined" and _still_theirs(s, s.who, command):
        return
    elif not _kept(s):
        words = "bot.not_invited" if s.who is None else alone(s)
        s.say(words, dedupe=f"outside:{s.chat.id}:{s.u.now:%Y%m%d%H}")


def _kept(s: Sitting) -> bool:
    """What someone who left types while a human still has their alert is kept with it, whatever it says."""
    typed = s.event.kind in ("text", "media") and bool(s.event.text)
    return typed and s.who is not None and s.who.role == "patient" and danger.add_context(s)


def _numbers(s: Sitting, heard: Heard) -> None:
    """The card, and then who is told: nobody, but for worrying words while a human still has their alert. A stranger who goes on gets it
    once a minute."""
    about = str(s.source) if s.who is not None else f"{s.chat.id}:{s.u.now:%Y%m%d%H%M}"
    danger.card(s, heard.track.value, danger.rule_of(heard), about=about)
    if heard.level is not Level.CONCERN or s.who is None or s.who.role != "patient" or not danger.add_context(s):
        s.say(alone(s), dedupe=f"alone:{about}")


def alone(s: Sitting) -> str:
    """The words that say that nobody at the program is told, and why; or that only an alert goes on."""
    if s.who is None:
        return "contact.alone" if contacts.in_chat(s.u, s.chat.id) else "crisis.stranger"
    if s.who.status != "declined":
        return "crisis.discharged"
    return "welcome.off_alert" if danger.is_open(s) else "welcome.off"


def unwelcomed(s: Sitting) -> bool:
    """A patient who has not agreed to the program yet: only the welcome, help and the way to a human are open."""
    return s.person.role == "patient" and "program" not in people.consents(s.u, s.person.id)


def welcome(s: Sitting) -> None:
    """The welcome, from its beginning or from where it was left; for those who had theirs, a line and what is planned."""
    who = s.person
    flow = "welcome" if who.role == "patient" else "welcome_staff"
    waiting = talks.waiting(s.u, s.chat)
    if waiting is not None and waiting.flow == flow:
        talk.show_again(s, waiting)
        return
    parked = talks.parked(s.u, s.chat, flow)
    if parked is not None:
        talk.resume(s, parked)
    elif unwelcomed(s) or (who.role == "staff" and "paged" not in people.consents(s.u, who.id)):
        talk.start(s, flow)
    else:
        home(s, "home.screen" if who.role == "patient" else "staff.home")


@command("start", role="any")
def start(s: Sitting) -> None:
    """The welcome, if it is not over; a link that was opened by someone who is in already changes nothing."""
    welcome(s)


@act(ShowHome)
def show_home(s: Sitting, command: ShowHome) -> None:
    home(s, command.words)


def home(s: Sitting, words: str) -> None:
    """What can be done now; for a patient with the two likeliest things as buttons, and Help as everywhere."""
    draft = s.draft().add(words, name=s.person.call_name or s.person.name)
    if s.person.role == "patient":
        draft.row(draft.button("check_in", "home.check_in"), draft.button("look", "home.look"))
    draft.row(draft.button(HELP, "button.help"))
    s.offer(draft, "act", "home")


@tap("home", role="any")
def tapped(s: Sitting, prompt: PromptRow, option: str) -> None:
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if option == "check_in":
        check_in_now(s)
    else:
        s.say("home.around")


def _redeem(s: Sitting) -> None:
    since = s.u.now - TRY_WINDOW
    few = inbox.guesses(s.u, since, s.chat.id) < TRIES and inbox.guesses(s.u, since) < ALL_TRIES
    person = invites.lets_in(s.u, s.event.argument) if few else None
    before = people.chats_of(s.u, person) if person is not None else []
    for chat in before:
        concern.leave(replace(s, chat=chat, who=people.seated(s.u, chat.id)[1]))
    who = invites.redeem(s.u, s.event.argument, s.chat.id) if person is not None else None
    if who is None:
        if not few or s.who is not None or not contact_door.opened(s, s.event.argument):
            _guessed(s, since)
        return
    s.chat = people.chat(s.u, s.chat.id)  # under a fresh key, where it was somebody else's
    talks.leave_nothing_open(s.u, s.chat)
    contact_door.leave(s)
    audit.record(s.u, who.id, who.code, "invite.redeemed")
    s.who = who
    for chat in before:
        if chat.id != s.chat.id:
            _leave(s, chat)
    _tell_issuer(s, who)
    if who.role == "staff":
        menu.post_staff_menu(s.u, s.chat)
        outcome.put_held(s)
    replan(s)
    welcome(s)


def _guessed(s: Sitting, since: datetime) -> None:
    """A wrong invitation: one answer whatever was wrong with it, and staff are told when there are too many."""
    inbox.mark_guess(s.u, s.source)
    if inbox.guesses(s.u, since) == ALL_TRIES:
        notes.add(s.u, None, "invites", "guessing")
    s.say("bot.invite_bad")


def _leave(s: Sitting, chat: ChatCard) -> None:
    """The person has moved to another account: the old chat is told, and all that was said in it goes shortly after."""
    replace(s, chat=chat).say("welcome.unlinked", dedupe=f"unlinked:{chat.id}:{s.source}")
    my_data.plan_erasing(s.u, chat.id)


def _tell_issuer(s: Sitting, who: PersonCard) -> None:
    """An invitation that was used is told to whoever gave it out, so that a wrong hand is noticed."""
    issuer = invites.issuer(s.u, who.id)
    at = s.of(issuer) if issuer is not None and issuer != who.id else None
    if at is not None and at.person.active:
        at.say("staff.invite_used", code=who.code, time=f"{at.local:%H:%M}")


def _still_theirs(s: Sitting, who: PersonCard, command: str) -> bool:
    """What someone who said no, or stopped, can still do: think again, and see and erase what is kept."""
    waiting = talks.waiting(s.u, s.chat)
    if command == "start":
        people.set_status(s.u, who.id, "active")
        s.who = people.person(s.u, who.id)
        welcome(s)
    elif command == "mydata":
        talk.start(s, "my_data")
    elif s.event.kind == "button" and waiting is not None and waiting.flow == "my_data":
        taps.take(s)
    else:
        return False
    return True
