"""Conversations as replayed generators: what a handler may ask, say and do, and how a talk is taken up again.

Pure: no storage, no Telegram, no clock. A handler imports only from here and from `content`.
"""

from bot.flow.effects import Danger, Do, Read, Say
from bot.flow.me import Me
from bot.flow.questions import Ask, Choice, Hours, Number, Option, Question, Scale, Several, Text, TimeOfDay, Timer, YesNo
from bot.flow.replay import Flow, FlowError, Given, Log, Step, Talking, replay, scoped

__all__ = [
    "Ask",
    "Choice",
    "Danger",
    "Do",
    "Flow",
    "FlowError",
    "Given",
    "Hours",
    "Log",
    "Me",
    "Number",
    "Option",
    "Question",
    "Read",
    "Say",
    "Scale",
    "Several",
    "Step",
    "Talking",
    "Text",
    "TimeOfDay",
    "Timer",
    "YesNo",
    "replay",
    "scoped",
]
