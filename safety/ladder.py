"""The ladder that reaches a human, as a pure step function: no storage, no clock, no words.

An escalation ends only as CLOSED, by a human, with an outcome. ACKED, CONTACTED and EXHAUSTED are stations on the way.
Sources for the rules: Stanley 2018 (PMC6142908) for following up in person; acknowledgement without contact goes back up,
as incident systems do (Grafana OnCall's acknowledge reminder); nobody answering is an alarm of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from safety import policy
from safety.moves import (
    AGAIN,
    ANSWER_WITHIN,
    CONTACT_WITHIN,
    DEFAULT,
    HANDED,
    LEVELS,
    NEWER,
    RISEN,
    SECOND,
    TWO_MUST_AGREE,
    Action,
    Alarm,
    Holders,
    Inform,
    Ladder,
    Move,
    Page,
    Rung,
    Tell,
)


def begin(rungs: tuple[Rung, ...], level: str, now: datetime, holders: Holders, starts: datetime | None = None) -> Move:
    """Open. `starts` is when somebody is on duty again, for a clinic without cover now: until then nothing is promised."""
    if starts is not None:
        waiting = Ladder(rungs, level, began=starts, next_at=starts)
        return Move(waiting, (Tell("no_cover"), Alarm("no_cover")))
    opened = advance(Ladder(rungs, level, began=now, next_at=now), now, holders)
    told = () if any(isinstance(action, Tell) for action in opened.actions) else (Tell("opened"),)
    return Move(opened.ladder, (*opened.actions, *told))


def advance(ladder: Ladder, now: datetime, holders: Holders) -> Move:
    """Do all that is due by `now`. Steps missed while nobody was running are taken together: each person is paged once."""
    return _on(ladder, now, holders, {})


def _on(ladder: Ladder, now: datetime, holders: Holders, paged: dict[int, Page], given_back: bool = False) -> Move:
    """The same where some are paged in any case: a step that is due for them too takes the place of that."""
    actions: list[Action] = []
    while ladder.next_at is not None and ladder.next_at <= now:
        if ladder.state in ("ACKED", "CONTACTED"):
            informed = Inform("unconfirmed" if ladder.doubted_by is not None else "reopened")
            told = "second_look" if ladder.state == "CONTACTED" else "reopened"
            starts = _awaited(ladder, now)
            anew = _wait(ladder, starts) if starts is not None else Move(_again(ladder, now), (Tell(told),))
            ladder, actions = anew.ladder, [*actions, informed, *anew.actions]
        elif ladder.state == "EXHAUSTED" or (ladder.state == "OPEN" and is_at_end(ladder)):
            step = ladder.step + 1
            paged.update({p: Page(p, "page.all", ladder.cycle, step) for p in _holders(holders, "all")})
            actions += [Tell("exhausted")] if ladder.state == "EXHAUSTED" else [Tell("exhausted"), Alarm("exhausted")]
            ladder = replace(ladder, state="EXHAUSTED", step=step, next_at=now + AGAIN)
        elif ladder.state == "OPEN":
            ladder, done = _climb(ladder, now, holders, paged, given_back)
            actions += done
        else:
            ladder = replace(ladder, next_at=None)
    return Move(ladder, (*paged.values(), *actions))


def _again(ladder: Ladder, now: datetime, step: int = 0, began: datetime | None = None) -> Ladder:
    """Open, in a new cycle so that no page counts as sent, and nobody's. began: where the climb goes on as if it had not been held."""
    return replace(
        ladder, state="OPEN", cycle=ladder.cycle + 1, step=step, began=began or now, next_at=now,
        acked_by=None, acked_at=None, handed_to=None, doubted_by=None,
    )  # fmt: skip


def _awaited(ladder: Ladder, now: datetime) -> datetime | None:
    """When somebody is on duty, for what was taken while it waited for that; None for all else."""
    return ladder.began if ladder.began is not None and ladder.began > now else None


def _wait(ladder: Ladder, starts: datetime) -> Move:
    """Nobody has it any more, and nobody is on duty before `starts`: nobody is paged until then, and the patient is told not to wait."""
    return Move(_again(ladder, starts), (Tell("no_cover"), Alarm("no_cover")))


def is_at_end(ladder: Ladder) -> bool:
    """Whether everybody was paged, so that there is no rung left."""
    return ladder.step >= len(ladder.rungs)


def _climb(ladder: Ladder, now: datetime, holders: Holders, paged: dict[int, Page], given_back: bool) -> tuple[Ladder, list[Action]]:
    """One rung. `given_back`: several may be due at once, and whoever they page has had no time to answer: it is exhausted only later,
    and a last rung that is due before then goes with them."""
    _, position, words = ladder.rungs[ladder.step]
    reached = _holders(holders, position)
    paged.update({person: Page(person, words, ladder.cycle, ladder.step) for person in reached})
    actions: list[Action] = [] if reached else [Alarm("nobody_at_step")]
    after = ladder.step + 1
    if after == len(ladder.rungs):
        if given_back and reached:
            return replace(ladder, step=after, next_at=now + ANSWER_WITHIN), actions
        again = (ladder.next_at or now) + AGAIN  # after a rung that was due before now, as soon as it would have been
        exhausted = replace(ladder, state="EXHAUSTED", step=after, next_at=again if again > now else now + AGAIN)
        return exhausted, [*actions, Tell("exhausted"), Alarm("exhausted")]
    began = ladder.began or now
    due = began + timedelta(minutes=ladder.rungs[after][0])
    last = after + 1 == len(ladder.rungs)
    if not reached or (given_back and last and due < now + ANSWER_WITHIN):
        due = now
    return replace(ladder, step=after, began=began, next_at=due), actions


def join(
    ladder: Ladder, level: str, now: datetime, holders: Holders, rungs: tuple[Rung, ...] = DEFAULT, starts: datetime | None = None
) -> Move:
    """New danger while one is open: it raises the level, and opens again what somebody had taken.

    A level that rose climbs by the shorter of its own `rungs` and those it had, from where it stands: worse danger makes no page later.
    Otherwise they stay as they were when it opened. `starts` is as in `begin`: without cover now, what somebody had waits for it; what is
    climbing already climbs on, and the patient is told not to wait all the same.
    """
    rose = LEVELS.index(level) > LEVELS.index(ladder.level)
    if rose:
        ladder = replace(ladder, level=level, rungs=policy.shorter(ladder.rungs, rungs))
    if ladder.state in ("ACKED", "CONTACTED"):
        knew = [person for person in (ladder.acked_by, ladder.handed_to) if person is not None]
        if starts is not None:
            waits = _wait(ladder, starts)
            return Move(waits.ladder, (*(Inform("newer", to=person) for person in knew), *waits.actions))
        moved = advance(_again(ladder, now), now, holders)
        for person in knew:
            moved = _tell_holder(moved, person, holders)
        told = () if any(isinstance(action, Tell) for action in moved.actions) else (Tell("anew"),)
        return Move(moved.ladder, (*moved.actions, *told))
    if ladder.state == "EXHAUSTED":
        moved = advance(replace(ladder, next_at=now), now, holders)
        return moved if starts is None else Move(moved.ladder, (*moved.actions, Tell("no_cover")))
    truth = Tell("joined" if starts is None else "no_cover")
    if waits_for_cover(ladder, now):
        return Move(ladder, (Tell("no_cover"),))
    if rose and ladder.state == "OPEN":
        moved = _risen(ladder, now, holders)
        return Move(moved.ladder, (*moved.actions, truth))
    return Move(ladder, (truth,))


def waits_for_cover(ladder: Ladder, now: datetime) -> bool:
    """Whether nobody is paged before somebody is on duty again."""
    return ladder.state == "OPEN" and ladder.step == 0 and ladder.next_at is not None and ladder.next_at > now


def _risen(ladder: Ladder, now: datetime, holders: Holders) -> Move:
    """Worse while nobody has it: all it has come to are paged at once, and it climbs on from there."""
    soonest = ladder.next_at or now
    if not is_at_end(ladder):
        soonest = min(soonest, (ladder.began or now) + timedelta(minutes=ladder.rungs[ladder.step][0]))
    risen, last = replace(ladder, cycle=ladder.cycle + 1, next_at=soonest), ladder.step - 1
    return _on(risen, now, holders, {person: Page(person, RISEN, risen.cycle, last) for person in come_to(ladder, holders)})


def _tell_holder(moved: Move, had: int, holders: Holders) -> Move:
    """Whoever had it, or was asked to take it over, knows only what was before: they are paged with that, or told it when they are not
    on call any more."""
    if had not in _holders(holders, "all"):
        return Move(moved.ladder, (*moved.actions, Inform("newer", to=had)))
    theirs = next((act for act in moved.actions if isinstance(act, Page) and act.person == had), None)
    page = replace(theirs, words=NEWER) if theirs is not None else Page(had, NEWER, moved.ladder.cycle, 0)
    return Move(moved.ladder, (page, *(act for act in moved.actions if act is not theirs)))


def acknowledge(ladder: Ladder, who: int, now: datetime) -> Move | None:
    """Someone takes it, or takes over what they were handed. None when somebody else has it already, or it is past that."""
    if ladder.handed_to == who and ladder.state in ("ACKED", "CONTACTED"):
        next_at = now + CONTACT_WITHIN if ladder.state == "ACKED" else None
        over = replace(ladder, acked_by=who, acked_at=now, handed_to=None, doubted_by=None, next_at=next_at)
        return Move(over, (Tell("acked"), Inform("taken_over", to=ladder.acked_by)))
    if ladder.state not in ("OPEN", "EXHAUSTED"):
        return None
    taken = replace(ladder, state="ACKED", acked_by=who, acked_at=now, next_at=now + CONTACT_WITHIN)
    return Move(taken, (Tell("acked"), Inform("acked", but=who)))


def reached(ladder: Ladder, who: int, now: datetime) -> Move | None:
    """ "I reached them": from whoever took it, or from anyone entitled while nobody has it, who then holds it.

    So the word of someone whose 30 minutes ran out still stops the paging. It stays open until a human closes it.
    """
    if ladder.state in ("OPEN", "EXHAUSTED"):
        taken = replace(ladder, state="CONTACTED", acked_by=who, acked_at=now, next_at=None)
        return Move(taken, (Tell("contacted"), Inform("acked", but=who)))
    if ladder.state != "ACKED" or ladder.acked_by != who:
        return None
    waits = ladder.next_at if ladder.doubted_by is not None else None
    return Move(replace(ladder, state="CONTACTED", next_at=waits), (Tell("contacted"),))


def decline(ladder: Ladder, who: int, now: datetime, holders: Holders, asked: bool = True) -> Move | None:
    """ "I can't": the next rung fires at once, and what was taken is open again, in a new cycle so that no page counts as sent. Whoever
    is paged so has time to answer before it is exhausted.

    From whoever was handed it: it stays with who has it. Once everyone is paged there is nobody left to pass it to: the paging
    goes on as it was. So it does while nobody is on duty, and where nobody had `asked` them, or they have said so before.
    """
    if ladder.handed_to == who and ladder.state in ("ACKED", "CONTACTED"):
        return Move(replace(ladder, handed_to=None), (Inform("not_taken", to=ladder.acked_by),))
    if ladder.state == "ACKED":
        return leave(ladder, who, now, holders)
    if ladder.state == "OPEN" and asked and not is_at_end(ladder) and not waits_for_cover(ladder, now):
        return _on(replace(ladder, next_at=now), now, holders, {}, given_back=True)
    return Move(ladder) if ladder.state in ("OPEN", "EXHAUSTED") else None


def come_to(ladder: Ladder, holders: Holders) -> list[int]:
    """Whom the rungs it has come to page, as things are now."""
    return [person for _, position, _ in ladder.rungs[: ladder.step] for person in _holders(holders, position)]


def leave(ladder: Ladder, who: int, now: datetime, holders: Holders) -> Move | None:
    """Whoever has it cannot any more, or is staff no more: it is open again from where it was, also after they had reached the patient,
    as nobody else could close it. While they had not, its minutes have gone on: nobody is paged later for its having been held. All
    who are paged for it at once have time to answer before it is exhausted; where there is nobody to page, it is that at once."""
    if ladder.handed_to == who and ladder.state in ("ACKED", "CONTACTED"):
        return decline(ladder, who, now, holders)
    if ladder.state not in ("ACKED", "CONTACTED") or ladder.acked_by != who:
        return None
    told = "second_look" if ladder.state == "CONTACTED" else "reopened"
    starts = _awaited(ladder, now)
    if starts is not None:
        waits = _wait(ladder, starts)
        return Move(waits.ladder, (Inform(told, but=who), *waits.actions))
    began = ladder.began if ladder.state == "ACKED" else now
    moved = _on(_again(ladder, now, min(ladder.step, len(ladder.rungs) - 1), began), now, holders, {}, given_back=True)
    return Move(moved.ladder, (Inform(told, but=who), Tell(told), *moved.actions))


def close(ladder: Ladder, who: int, overdue: bool = False) -> Move | None:
    """A human ends it with an outcome; only whoever holds it, or anyone entitled when nobody does, or when the outcome of a contact
    is `overdue`."""
    free = ladder.acked_by in (None, who) or (overdue and ladder.state == "CONTACTED" and ladder.doubted_by is None)
    if ladder.state == "CLOSED" or not free:
        return None
    return _closed(ladder, who)


def hand(ladder: Ladder, who: int, to: int) -> Move | None:
    """Ask a colleague to take it over: they are paged at once. Until they do it stays where it is, and opens again as it would."""
    if ladder.state not in ("ACKED", "CONTACTED") or ladder.acked_by != who or to == who:
        return None
    return Move(replace(ladder, handed_to=to), (Page(to, HANDED, ladder.cycle, ladder.step),))


def doubt(ladder: Ladder, who: int, now: datetime, others: Holders, overdue: bool = False) -> Move | None:
    """ "False alarm": closes it, but where two must agree a second person is asked first. Until one does it stays open with
    whoever said it, and opens again after 30 minutes like anything nobody was reached about."""
    if ladder.level not in TWO_MUST_AGREE:
        return close(ladder, who, overdue)
    if ladder.state == "CLOSED" or ladder.doubted_by is not None or (ladder.acked_by is not None and ladder.acked_by != who):
        return None
    actions: tuple[Action, ...] = ()
    if ladder.acked_by is None:
        ladder = replace(ladder, state="ACKED", acked_by=who, acked_at=now, next_at=None)
        actions = (Tell("acked"), Inform("acked", but=who))
    ladder = replace(ladder, doubted_by=who, handed_to=None, next_at=ladder.next_at or now + CONTACT_WITHIN)
    asked = [person for person in _holders(others, "all") if person != who]
    seconds = tuple(Page(person, SECOND, ladder.cycle, ladder.step) for person in asked)
    return Move(ladder, (*actions, *(seconds or (Alarm("no_second"),))))


def confirm(ladder: Ladder, who: int) -> Move | None:
    """A second person agrees that it was a false alarm: it is closed. None when nothing waits for them."""
    if ladder.doubted_by in (None, who) or ladder.state not in ("ACKED", "CONTACTED"):
        return None
    return _closed(ladder, who)


def disagree(ladder: Ladder, who: int) -> Move | None:
    """A second person does not agree: it stays with whoever has it, as if nothing had been said."""
    if ladder.doubted_by in (None, who) or ladder.state not in ("ACKED", "CONTACTED"):
        return None
    waits = ladder.next_at if ladder.state == "ACKED" else None
    return Move(replace(ladder, doubted_by=None, next_at=waits), (Inform("disagreed", but=who),))


def _closed(ladder: Ladder, who: int) -> Move:
    return Move(replace(ladder, state="CLOSED", next_at=None), (Tell("closed"), Inform("closed", but=who)))


def _holders(holders: Holders, position: str) -> list[int]:
    if position != "all":
        return list(holders.get(position, ()))
    return list(dict.fromkeys(person for people in holders.values() for person in people))
