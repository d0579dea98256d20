"""The unit of work: one transaction, one `now`, and the seals. All reading and writing goes through a `Unit`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Row, Table, bindparam, delete, insert, select, text, update
from sqlmodel import SQLModel

from storage import points
from storage.engine import shared, truncate_log
from storage.ids import new_id
from storage.prepared import Done, Prepared, Step, drive, heard
from storage.seal import Keyring, SealBroken, WrongMaster
from storage.tables import DataKey, Meta


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model; hot paths build their statements on it."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


_KEY = Prepared(select(table(DataKey).c.wrapped, table(DataKey).c.master).where(table(DataKey).c.id == bindparam("of")))


@cache
def _insert(model: type[SQLModel]) -> Prepared:
    return Prepared(insert(table(model)))


@cache
def _update(model: type[SQLModel], columns: tuple[str, ...]) -> Prepared:
    rows = table(model)
    return Prepared(update(rows).where(rows.c.id == bindparam("row_id_")).values({name: bindparam(name) for name in columns}))


def _asked(statement: Prepared, values: dict[str, Any]) -> tuple[Prepared, tuple[tuple[str, Any], ...]]:
    """A question as it can be found again."""
    return statement, tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())


class Unit:
    """One transaction at the instant `now` (aware UTC). Nothing in it waits for a network. `where` names its commit."""

    def __init__(self, connection: Connection, keys: Keyring, now: datetime, where: str = "unit") -> None:
        self.connection = connection
        self.keys = keys
        self.now = now
        self.where = where
        self._heard = heard(connection)
        self._patient = shared(connection.engine) and not self._heard
        """Whether statements are held back until their results are needed."""
        self._depth = 0
        self._held: list[Step] = []
        self._foreseen: dict[tuple[Prepared, tuple[tuple[str, Any], ...]], Step] = {}
        self.leave_no_log = False
        """Set where something was erased: then the log of the database is emptied once this has been committed."""

    def new_id(self) -> int:
        return new_id(self.now)

    def run(self, statement: Executable | Prepared, values: Any = None) -> Any:
        if isinstance(statement, Prepared):
            if self._heard:
                return statement.run(self.connection, values or {})
            if seen := self._seen(statement, values or {}):
                return seen
            form, filled = statement.fill(self.connection, values or {})
            if form.row is None:
                self._foreseen = {}
            return self._drive(Step(form.sql, filled, form))
        self.send()
        self._foreseen = {}
        return self.connection.execute(statement, values) if values is not None else self.connection.execute(statement)

    def run_each(self, statement: Prepared, rows: Sequence[dict[str, Any]]) -> list[int]:
        """Run one statement for many values, in this order; returns how many rows each touched. On PostgreSQL one way to the server."""
        if not rows or not self._patient:
            return [int(self.run(statement, values).rowcount) for values in rows]
        self._foreseen = {}
        steps = []
        for values in rows:
            form, filled = statement.fill(self.connection, values)
            steps.append(Step(form.sql, filled, form))
        self._held += steps[:-1]
        self._drive(steps[-1])
        return [step.done.rowcount for step in steps if step.done is not None]

    def later(self, statement: Prepared, values: dict[str, Any]) -> None:
        """Run something whose result nobody looks at. On PostgreSQL it goes to the server with the next statement, in this order:
        a way there and back is most of what a statement costs. If it fails, that one raises; a savepoint sees its own failures."""
        if self._patient:
            form, filled = statement.fill(self.connection, values)
            self._foreseen = {}
            self._held.append(Step(form.sql, filled))
        else:
            self.run(statement, values)

    def foresee(self, statement: Prepared, **values: Any) -> None:
        """Say that `one` or `all` will soon ask exactly this. On PostgreSQL it then goes to the server with the next statement; it is
        asked anew when anything was written in between. Elsewhere asking costs nothing, and nothing happens."""
        if self._patient:
            form, filled = statement.fill(self.connection, values)
            step = Step(form.sql, filled, form)
            self._held.append(step)
            self._foreseen[_asked(statement, values)] = step

    def _seen(self, statement: Prepared, values: dict[str, Any]) -> Done | None:
        step = self._foreseen.pop(_asked(statement, values), None) if self._foreseen else None
        if step is not None and step.done is None:
            self.send()
        return step.done if step is not None else None

    def _send_later(self, sql: str) -> Step:
        step = Step(sql)
        if self._patient:
            self._held.append(step)
        else:
            self._drive(step)
        return step

    def send(self) -> None:
        """Have everything held back done now."""
        if self._held:
            *before, last = self._held
            self._held = []
            drive(self.connection, last, before)

    def _drive(self, step: Step) -> Done:
        before, self._held = self._held, []
        return drive(self.connection, step, before)

    def one(self, statement: Executable | Prepared, **values: Any) -> Row[Any] | None:
        """The first row. `values` fill the bind parameters of a statement that was built once (hot paths)."""
        found: Row[Any] | None = self.run(statement, values or None).first()
        return found

    def all(self, statement: Executable | Prepared, **values: Any) -> list[Row[Any]]:
        return list(self.run(statement, values or None).all())

    def add(self, model: type[SQLModel], **values: Any) -> int:
        """Insert one row, with a fresh id unless one is given; returns the id."""
        values.setdefault("id", self.new_id())
        self.later(_insert(model), values)
        return int(values["id"])

    def set(self, model: type[SQLModel], row: int, **values: Any) -> None:
        self.later(_update(model, tuple(sorted(values))), {"row_id_": row, **values})

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is undone alone if it raises."""
        name = f"inside_{self._depth}"
        opened = self._send_later(f"SAVEPOINT {name}")
        self._depth += 1
        try:
            yield
            self._drive(Step(f"RELEASE SAVEPOINT {name}"))
        except BaseException:
            self._undo(opened)
            raise
        finally:
            self._depth -= 1

    def _undo(self, opened: Step) -> None:
        """Take back all since a savepoint was opened; if that was not even sent yet, it is enough to forget it."""
        self._foreseen = {}
        for place, each in enumerate(self._held):
            if each is opened:
                del self._held[place:]
                return
        self._held = []
        name = opened.sql.rpartition(" ")[2]
        drive(self.connection, Step(f"ROLLBACK TO SAVEPOINT {name}"))
        drive(self.connection, Step(f"RELEASE SAVEPOINT {name}"))

    def wait_briefly(self) -> None:
        """From here on this transaction waits for nobody's lock longer than 0.1 s; the conflict is raised then (PostgreSQL)."""
        if shared(self.connection.engine):
            self._send_later("SET LOCAL lock_timeout = '100ms'")

    def may_think(self) -> None:
        """This one transaction may be silent for long between two statements (`storage.engine.hold_briefly`): it draws pages."""
        if shared(self.connection.engine):
            self.run(text("set local idle_in_transaction_session_timeout = 0"))

    def new_key(self) -> int:
        """A data key for a new subject. Raises `SealBroken` when the master key was rotated since this process read it."""
        facts = table(Meta)
        force = self.one(select(facts.c.value).where(facts.c.key == "master").with_for_update(read=True))
        if force is not None and force.value != self.keys.master.id:
            raise SealBroken("the master key has been rotated; start Between again")
        key = self.new_id()
        self.add(DataKey, id=key, master=self.keys.master.id, wrapped=self.keys.make(key), created_at=self.now)
        return key

    def drop_key(self, key: int) -> None:
        """Take back a key of this transaction that has sealed nothing."""
        self.keys.forget(key)
        self.run(delete(table(DataKey)).where(table(DataKey).c.id == key))

    def seal(self, key: int, place: str, row: int, value: Any) -> bytes:
        """Seal text, or anything JSON holds, for one column of one row. `place` is "table.column"."""
        self._admit(key)
        data = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return self.keys.seal(key, f"{place}:{row}", data.encode())

    def open(self, key: int, place: str, row: int, sealed: bytes) -> str:
        """Raises `SealBroken` when the value, its place or its key do not fit, or the key was destroyed."""
        self._admit(key)
        return self.keys.open(key, f"{place}:{row}", sealed).decode()

    def open_json(self, key: int, place: str, row: int, sealed: bytes) -> Any:
        return json.loads(self.open(key, place, row, sealed))

    def opened(self, key: int, place: str, row: int, sealed: bytes) -> str | None:
        """None when it does not open. With an old master key it raises all the same: then nothing is wrong with the row."""
        try:
            return self.open(key, place, row, sealed)
        except WrongMaster:
            raise
        except SealBroken:
            return None

    def has_key(self, key: int) -> bool:
        """Whether anything can be sealed under this key: it is neither damaged nor destroyed."""
        try:
            self._admit(key)
        except WrongMaster:
            raise
        except SealBroken:
            return False
        return True

    def _admit(self, key: int) -> None:
        if key in self.keys:
            return
        found = self.one(_KEY, of=key)
        if found is None or found.wrapped is None:
            raise SealBroken("the data key of this subject has been destroyed")
        try:
            self.keys.admit(key, found.wrapped)
        except WrongMaster:
            if any(found.master == each.id for each in self.keys.masters):
                raise SealBroken("the data key of this subject is damaged") from None
            raise


class Store:
    """A database with its keyring. Hands out units; keeps nothing else."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self.engine = engine
        self.keys = keys

    @contextmanager
    def unit(self, now: datetime, where: str = "unit") -> Iterator[Unit]:
        """One transaction: committed when the block ends, rolled back when it raises. `where` is its name in `storage.points`."""
        with self.engine.begin() as connection:
            u = Unit(connection, self.keys, now, where)
            yield u
            u.send()
            points.at(f"{u.where}.before")
        points.at(f"{u.where}.after")
        if u.leave_no_log:
            truncate_log(self.engine)

    def close(self) -> None:
        self.engine.dispose()
