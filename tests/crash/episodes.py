"""What people do while the bot ends and begins again: short stories that together come to every named point.

A story only says what a person does and reads. It fails when what was promised does not come.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from signal import SIGKILL, SIGTERM

from tests.crash.world import World, shown
from tests.mailbox import CLINIC_MAIL

LINE = "A line about today"


@dataclass(frozen=True)
class Episode:
    """`fails`: hits at which the database says once that it is locked. `furnished`: begins with a clinic, or with nothing.

    `hook`: Telegram calls a webhook. `stops`: the exit codes of ends that belong to the story.
    """

    name: str
    play: Callable[[World], Awaitable[None]]
    fails: tuple[tuple[str, int], ...] = ()
    furnished: bool = True
    hook: bool = False
    stops: tuple[int, ...] = ()


async def check_in(w: World) -> None:
    again = "/checkin"
    await w.does(w.robin, again, "1/7")
    await w.does(w.robin, "[6]", "2/7 · How strong", again)
    await w.does(w.robin, "[2]", "2/7 · And at its strongest", again)
    await w.does(w.robin, "[4]", "2/7 · What set it off", again)
    await w.does(w.robin, "[Done]", "3/7", again)
    await w.does(w.robin, "[Skip]", "4/7", again)
    await w.does(w.robin, "[No]", "5/7", again)
    await w.does(w.robin, "[Skip]", "6/7", again)
    await w.does(w.robin, "[7]", "7/7", again)
    await w.does(w.robin, LINE, "Who may read that line?", again)
    await w.taps(w.robin, "Keep private", again)


async def danger(w: World) -> None:
    """From words to a human, page after page, to the outcome."""
    w.robin.send_text("I want to kill myself")
    await w.shows(w.robin, "call 911 now")
    await w.shows(w.dana, "0001: high")
    w.turn(minutes=2, seconds=1)
    await w.shows(w.dana, "Second page")
    w.turn(minutes=3)
    await w.shows(w.robin, "Nobody has answered yet, after")
    await w.until(lambda: w.mail.to(CLINIC_MAIL) and w.pages.posts, "nobody answered, and no page went another way", 60)
    await w.does(w.dana, "[I'll take it]", "you have taken this")
    await w.shows(w.robin, "saw this at")
    w.turn(minutes=30, seconds=1)
    await w.shows(w.robin, "nobody has noted reaching you")
    await w.shows(w.dana, "It is open again")


async def prompts(w: World) -> None:
    """A reminder the evening before, the evening's check-in, and the night's erasing."""
    w.turn_to("2026-11-16T18:00:01-05:00")
    await w.until(lambda: _fired(w, "A talk: tomorrow"), "the reminder neither came nor was on its way at a crash")
    w.turn_to("2026-11-16T20:00:01-05:00")
    await w.until(lambda: _fired(w, "evening check-in"), "the check-in neither came nor was on its way at a crash")
    w.turn_to("2026-11-17T03:30:01-05:00")
    await w.until(lambda: "retention.after" in w.hits, "the retention chore never ran")


def _fired(w: World, words: str) -> bool:
    """It is on the phone; or the bot has ended since, and then it may be one that is not repeated (the oracle looks at the row)."""
    return any(words in text for text in w.robin.texts) or len(w.nursery.ends) > 0


async def journal(w: World) -> None:
    await w.does(w.robin, "/journal", "Your journal")
    await w.does(w.robin, "[Write]", "Write what you like", "/journal")
    w.robin.send_text("A page of words")
    w.sam.send_text("I had a long day")
    await w.does(w.sam, "I called my sister", "Shall I keep it in your journal")
    await w.does(w.sam, "[Keep it, private]", "Kept in your journal", "And I slept well")


async def weekly(w: World) -> None:
    w.turn_to("2026-11-23T06:00:01-05:00")
    await w.until(lambda: "weekly.after" in w.hits, "the weekly chore never ran")


async def skill(w: World) -> None:
    """A timer that runs while the bot ends: its frames go on and its end comes."""
    again = "/skills"
    await w.does(w.robin, again, "Which one")
    steps = (("[Slow breathing]", "How upset or tense"), ("[6]", "How long shall we breathe"), ("[2 minutes]", "Never hold your breath"))
    for place, (act, words) in enumerate((*steps, ("[Start]", "left"))):
        await w.does(w.robin, act, words, again, *(step[0] for step in steps[:place]))
    w.turn(seconds=30)
    await w.shows(w.robin, "1:")
    w.turn(seconds=100)
    await w.does(w.robin, "/checkin", "1/7")


async def erase(w: World) -> None:
    again = ("/mydata", "[Erase everything]", "[Go on]")
    await w.does(w.robin, "/mydata", "What is kept about you")
    await w.does(w.robin, "[Erase everything]", "This erases you here", *again[:1])
    await w.does(w.robin, "[Go on]", "Are you sure?", *again[:2])
    await w.taps(w.robin, "Yes, erase everything", *again)
    w.turn(minutes=11)


async def outage(w: World) -> None:
    """The database is locked when dangerous words come: the card from memory; then when turns are taken: one by one."""
    await w.does(w.sam, "/help", "988")
    w.robin.send_text("I want to kill myself")
    await w.shows(w.robin, "call 911 now")
    await w.shows(w.dana, "0001: high")


async def group(w: World) -> None:
    w.here.add_group("Some group", w.sam)
    await w.until(lambda: any(call.method == "leaveChat" for call in w.here.calls), "the bot stayed in a group")


async def beginnings(w: World) -> None:
    """Set-up on an empty machine, cut off anywhere and run again, ends with a bot that answers."""
    w.sam.send_text("hello")  # a stranger is told once a day
    await w.until(lambda: shown(w.sam, "This bot is for people who were invited") or w.nursery.ends, "a stranger was told nothing")


async def webhook(w: World) -> None:
    """Telegram calls, and is told only after the commit."""
    await w.does(w.sam, "/help", "988")
    w.robin.send_text("I want to kill myself")
    await w.shows(w.robin, "call 911 now")
    await w.shows(w.dana, "0001: high")
    await w.does(w.dana, "[I'll take it]", "you have taken this")


async def stop(w: World) -> None:
    """An operator stops it while it answers, and starts it again."""
    await w.does(w.robin, "/checkin", "1/7")
    w.robin.send_text("I want to kill myself")
    w.nursery.kill(SIGTERM)
    await w.shows(w.robin, "call 911 now")
    await w.shows(w.dana, "0001: high")
    w.nursery.kill(SIGTERM)
    w.sam.send_text("hello")
    await w.does(w.dana, "[I'll take it]", "you have taken this")


async def away(w: World) -> None:
    """It is gone for three days: what was due meanwhile is not said all at once."""
    w.nursery.kill()
    w.turn_to("2026-11-19T20:30-05:00")
    await w.until(lambda: _fired(w, "evening check-in"), "the check-in neither came nor was on its way at a crash")


EPISODES = (
    Episode("check-in", check_in),
    Episode("danger", danger),
    Episode("prompts", prompts),
    Episode("journal", journal),
    Episode("weekly", weekly),
    Episode("skill", skill),
    Episode("erase", erase),
    Episode("outage", outage, (("intake.before", 2), ("worker.before", 2))),
    Episode("group", group),
    Episode("beginnings", beginnings, furnished=False),
    Episode("webhook", webhook, hook=True),
    Episode("stop", stop, stops=(0, -SIGTERM)),
    Episode("away", away, stops=(-SIGKILL,)),
)
