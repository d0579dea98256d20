"""What all tables share: 64-bit ids and references."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer
from sqlmodel import Field

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both engines; on SQLite an INTEGER primary key is the row's own address and needs no second index."""


def row_id() -> int:
    return Field(primary_key=True, sa_type=Big, sa_column_kwargs={"autoincrement": False})  # type: ignore[no-any-return]


def link(to: str, *, index: bool = False) -> int:
    return Field(foreign_key=to, sa_type=Big, index=index)  # type: ignore[no-any-return]


def link_or_none(to: str, *, index: bool = False) -> int | None:
    return Field(default=None, foreign_key=to, sa_type=Big, index=index, nullable=True)  # type: ignore[no-any-return]


def big() -> int:
    return Field(sa_type=Big)  # type: ignore[no-any-return]


def big_or_none() -> int | None:
    return Field(default=None, sa_type=Big, nullable=True)  # type: ignore[no-any-return]
