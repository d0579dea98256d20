"""The harness itself, with a real python-telegram-bot client: what a test of our bot may rely on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message
from telegram.error import BadRequest, NetworkError

from tests.outside.server import Outside, Phone

TOKEN = "123456789:AAoutside_abcdefghijklmnopqrstuvwxyz"
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y"), InlineKeyboardButton("No", callback_data="n")]])


@pytest.fixture
async def bot(outside: Outside) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{outside.api_url}/bot") as client:
        yield client


@pytest.fixture
def phone(outside: Outside) -> Phone:
    return outside.phone(TOKEN)


async def test_the_bot_is_known_by_its_token(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.is_bot) == (123456789, True)


async def test_an_update_stays_until_an_offset_confirms_it(bot: Bot, phone: Phone) -> None:
    await phone.says("/start abc")
    await phone.says("hello", photo=None)
    first, second = await bot.get_updates()
    assert [update.update_id for update in await bot.get_updates(limit=1)] == [first.update_id]
    assert [update.update_id for update in await bot.get_updates(offset=second.update_id)] == [second.update_id]
    assert await bot.get_updates(offset=second.update_id + 1) == ()
    assert first.message is not None
    assert (first.message.text, first.message.chat.id, first.message.chat.type) == ("/start abc", 1001, "private")
    assert first.message.parse_entities(["bot_command"]) == {first.message.entities[0]: "/start"}
    assert TOKEN not in str(first.to_dict()) + str(first.message.api_kwargs)


async def test_a_waiting_getupdates_is_woken_by_a_message(bot: Bot, phone: Phone) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await phone.says("here I am")
    (update,) = await asyncio.wait_for(waiting, 30)
    assert update.message is not None
    assert update.message.text == "here I am"


async def test_a_tap_on_a_button_and_its_answer(bot: Bot, phone: Phone) -> None:
    sent = await bot.send_message(1001, "Did you sleep?", reply_markup=KEYBOARD)
    shown = await phone.sees(lambda message: "No" in message.buttons)
    await phone.taps(shown, "No")
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query is not None
    assert isinstance(query.message, Message)
    assert (query.data, query.from_user.id, query.message.message_id, query.chat_instance) == ("n", 1001, sent.message_id, "1001")
    assert await bot.answer_callback_query(query.id) is True
    assert await bot.delete_message(1001, sent.message_id) is True
    assert await phone.messages() == []


async def test_a_message_is_edited_in_place(bot: Bot, phone: Phone) -> None:
    sent = await bot.send_message(1001, "How is your mood?", reply_markup=KEYBOARD)
    edited = await bot.edit_message_text("How is your sleep?", 1001, sent.message_id, reply_markup=KEYBOARD)
    assert isinstance(edited, Message)
    assert (edited.text, edited.message_id, edited.date) == ("How is your sleep?", sent.message_id, sent.date)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("How is your sleep?", 1001, sent.message_id, reply_markup=KEYBOARD)
    await bot.edit_message_reply_markup(1001, sent.message_id)
    (shown,) = await phone.messages()
    assert (shown.text, shown.rows) == ("How is your sleep?", ())
    await bot.edit_message_text("Thank you.", 1001, sent.message_id, reply_markup=KEYBOARD)
    await bot.edit_message_text("Saved.", 1001, sent.message_id)
    assert [(message.text, message.rows) for message in await phone.messages()] == [("Saved.", ())]
    with pytest.raises(BadRequest, match="not found"):
        await bot.edit_message_text("x", 1001, sent.message_id + 50)


async def test_a_patient_edits_what_was_said(bot: Bot, phone: Phone) -> None:
    said = await phone.says("I am fin")
    await phone.edits(said, "I am fine")
    before, after = await bot.get_updates()
    assert before.message is not None
    assert after.edited_message is not None
    assert before.message.message_id == after.edited_message.message_id == said
    assert after.edited_message.text == "I am fine"
    assert after.edited_message.edit_date is not None


async def test_two_people_do_not_see_each_other(bot: Bot, phone: Phone, outside: Outside) -> None:
    other = outside.phone(TOKEN, user=2002, first_name="Sam")
    await bot.send_message(2002, "For Sam")
    await bot.send_message(1001, "For Robin")
    assert [message.text for message in await phone.messages()] == ["For Robin"]
    assert [message.text for message in await other.messages()] == ["For Sam"]


async def test_a_method_it_does_not_have_fails_and_is_seen_to_fail(bot: Bot, outside: Outside) -> None:
    with pytest.raises(NetworkError):
        await bot.send_photo(1001, b"not a photo")
    with pytest.raises(NetworkError):
        await bot.set_my_commands([("help", "Reach a person")])
    assert [call for call in outside.calls if call[1] == 500] == [("sendPhoto", 500), ("setMyCommands", 500)]
    await bot.send_message(1001, "Still here")
