"""An answer to a question about safety that is taken back, when the question is gone by: an edit of what was typed there."""

from __future__ import annotations

from bot import danger, talk
from bot.acts import concern
from bot.sitting import Sitting
from bot.typed import asks_directly
from handlers.worries import FIRST, INBOX_ALONE
from storage import talks
from storage.talks import TalkRow

DIRECT = ("wish", "thoughts", "method", "intent", "past", "safety", "use_safe")
"""The keys of the questions about their safety, beside those that come `FIRST`."""
TRACKS = {"first_others": "harm_to_others", "first_body": "medical", "use_safe": "use"}
"""What a question is about, where its key has another name for it."""


def took_back(s: Sitting, answered: TalkRow) -> bool:
    """An edit of what was typed at a question about their safety that is gone by: it is words in place of a tap, and what was answered may
    not be so. What that question was about is asked from the beginning, and once: later edits put again what waits. Whether it was one."""
    key = answered_directly(answered, s.event.message_id)
    if key is None:
        return False
    if danger.is_under_way(s):
        danger.add_context(s)
        return True
    rows = (row for row in talks.open_talks(s.u, s.chat, "concern") if row.body["me"]["start"].get("took_back") == s.event.message_id)
    if (asked := next(rows, None)) is not None and (at := asks_directly(asked, s.event.text)) is not None:
        if asked.state == "parked":
            talk.park(s)
        concern.in_words(s, asked, at)
        return True
    about = _track(key)
    concern.take_words(s, about, today=key.removeprefix(concern.FIRST) not in INBOX_ALONE)
    talk.start(s, "concern", {"about": about, "took_back": s.event.message_id})
    if (asked := concern.waiting(s)) is not None:  # the line staff have is of its first question
        talks.save_talk(s.u, s.chat, asked.id, body={**asked.body, talk.IN_WORDS: asks_directly(asked, "")})
    concern.listen(s, about)
    return True


def reopen(s: Sitting) -> bool:
    """An edit in words that worry of what was typed at such a question, while its talk goes on: the answer does not count any more, and the
    question is open when that talk is taken up again. The questions that follow worrying words see to themselves. Whether it was one."""
    row = talks.answered_by(s.u, s.chat, s.event.message_id) if s.event.message_id is not None else None
    if row is None or row.state not in ("waiting", "parked") or row.flow in concern.ASKING:
        return False
    before = talk.before_last_text(s, row)
    if before is None or asks_directly(before, "") is None:
        return False
    talks.save_talk(s.u, s.chat, row.id, body=before.body, touch=False)
    return True


def answered_directly(answered: TalkRow, message: int | None) -> str | None:
    """The key of the question about their safety that this message was typed at, if it was one."""
    keys = (key.rpartition("/")[2] for key, typed in answered.body.get("answers", {}).items() if typed == message)
    return next((key for key in keys if key in DIRECT or key.startswith(concern.FIRST)), None)


def _track(key: str) -> str:
    """What is asked again where the answer to a question was taken back. Nobody who has used is asked about death first."""
    about = TRACKS.get(key, key.removeprefix(concern.FIRST))
    return about if about in FIRST else "suicide"
