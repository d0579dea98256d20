"""Milligrams say how strong a medicine is, not how many were taken: who reports a dose is not paged for, and who took too much is."""

from __future__ import annotations

import pytest

from safety.heard import Level
from safety.screen import screen

AS_PRESCRIBED = (
    "took 20mg like the doctor said",
    "took 50mg sertraline",
    "took 10mg melatonin and slept",
    "took 400mg ibuprofen for my back",
    "took 800 mg of ibuprofen",
    "took 1,000 mg tylenol",
    "took 2 x 500mg tylenol",
    "just took 200mg lamictal, bedtime",
    "took 100mg of zoloft this morning",
    "took 50 mg of seroquel",
    "took 200 mg of seroquel for sleep",
    "took 15 ml cough syrup",
    "me tome 20mg como dijo el doctor",
    "me tomé 500 mg de paracetamol",
)
TOO_MUCH = (
    "took 5,000 mg of tylenol",
    "took 4000mg tylenol",
    "me tome 4000 mg de paracetamol",
    "took 300mg of it, the whole strip",
    "took 900 mg seroquel to end it",
    "took 600 mg all at once",
    "took 30 50mg pills",
    "took 20 pills of 50mg",
    "swallowed 40 of my 25mg trazodone",
    "took 500 mg and now I can't breathe",
)
UNCLEAR = ("took 600 mg of seroquel", "just took 500mg benadryl", "took 900mg", "took my 300 mg gabapentin")


@pytest.mark.parametrize("text", AS_PRESCRIBED)
def test_a_dose_wakes_nobody(text: str) -> None:
    assert screen(text).level < Level.HIGH


@pytest.mark.parametrize("text", TOO_MUCH)
def test_too_much_does(text: str) -> None:
    assert screen(text).level is Level.IMMINENT


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_high_dose_is_asked_about(text: str) -> None:
    assert screen(text).level is Level.CONCERN


def test_where_it_stands_in_the_message_does_not_matter() -> None:
    assert screen("Ok. É verdad \U0001f600 took 20 mg, " + "and then we went home. " * 20).level < Level.HIGH
    assert screen("Ok. É verdad \U0001f600 " + "and then we went home. " * 20 + "took 5,000 mg tylenol").level is Level.IMMINENT
