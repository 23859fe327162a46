"""Buttons under answers: they do what they say, also after a restart."""

from dataclasses import replace
from typing import Any

import pytest

from bot.discord_bot.client import Client
from bot.discord_bot.neutral import plain
from corpus.article import Article
from tests.discord_fakes import AT_ONCE, Scene, buttons_of, played, reply, text_of

QUESTION = "Tea moon?"
LONG = Article(
    "long.txt",
    "A long story",
    "\n\n".join(f"Part {n} of rain and robot, and {n} again. Whale {n}." for n in range(200))
    + "\n\nTea moon at last. Car.",
    source="The Post",
)


async def asked(scene: Scene, *, private: bool = False) -> Any:  # noqa: ANN401  (simcord's)
    """The message of an answer."""
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=private)
    assert result.response
    return result.response


async def turned(scene: Scene, message: Any, label: str) -> None:  # noqa: ANN401
    """Turn a page, a second after the last, and see another."""
    before = text_of(message)
    scene.clock.seconds += 1
    await scene.bob.click(message, label=label)
    assert text_of(message) != before


def votes(scene: Scene) -> list[tuple[Any, ...]]:
    """Who voted how, and why."""
    statement = "SELECT owner, rating, reason, comment FROM feedback ORDER BY owner"
    return scene.database.all(statement)


@pytest.mark.parametrize("restarted", [False, True])
@played
async def test_every_button_works_also_after_a_restart(scene: Scene, restarted: bool) -> None:  # noqa: FBT001
    message = await asked(scene)
    if restarted:
        again: Client = scene.bot()
        await scene.env.restart_bot(again)
    shown = await scene.bob.click(message, label="Show passages")
    assert shown.response
    assert shown.response.ephemeral
    assert "**Tea moon.**" in text_of(shown.response)
    follow = await scene.bob.click(message, label="Ask a follow-up")
    assert follow.modal
    answered = await scene.bob.submit_modal(follow, {"question": "And whales?"})
    assert "-# Asked: And whales?" in text_of(answered.response)
    buttons = buttons_of(message)
    up = await scene.bob.click(message, custom_id=buttons["👍"])
    assert up.response
    assert up.response.ephemeral
    down = await scene.bob.click(message, custom_id=buttons["👎"])
    thanked = await scene.bob.submit_modal(down, {"reason": ["wrong"], "comment": "No!"})
    assert "👎" in text_of(thanked.response)


@played
async def test_a_modal_from_before_a_restart_is_served(scene: Scene) -> None:
    message = await asked(scene)
    follow = await scene.bob.click(message, label="Ask a follow-up")
    await scene.env.restart_bot(scene.bot())
    answered = await scene.bob.submit_modal(follow, {"question": QUESTION})
    assert "**Tea moon.** [1]" in text_of(answered.response)


@played
async def test_a_person_has_one_vote_and_may_change_it(scene: Scene) -> None:
    message = await asked(scene)
    buttons = buttons_of(message)
    await scene.bob.click(message, custom_id=buttons["👍"])
    await scene.bob.click(message, custom_id=buttons["👍"])
    bob = scene.preferences.hash_of(scene.bob.id)
    assert votes(scene) == [(bob, "up", None, None)]
    down = await scene.bob.click(message, custom_id=buttons["👎"])
    assert votes(scene) == [(bob, "up", None, None)]
    await scene.bob.submit_modal(down, {"reason": ["source"], "comment": "Not them."})
    assert votes(scene) == [(bob, "down", "source", "Not them.")]
    await scene.ada.click(message, custom_id=buttons["👍"])
    assert len(votes(scene)) == 2


@played
async def test_a_follow_up_goes_on_with_the_conversation_in_the_same_privacy(scene: Scene) -> None:
    for private in (False, True):
        message = await asked(scene, private=private)
        follow = await scene.ada.click(message, label="Ask a follow-up")
        answered = await scene.ada.submit_modal(follow, {"question": "And rain?"})
        assert answered.response
        assert answered.response.ephemeral is private
        first, second = scene.shown(message), scene.shown(answered.response)
        assert first.conversation_id == second.conversation_id


@played
async def test_a_private_answer_is_shared_once(scene: Scene) -> None:
    message = await asked(scene, private=True)
    assert not scene.channel.history()
    shared = await scene.ada.click(message, label="Share")
    (public,) = scene.channel.history()
    assert text_of(public) == text_of(message)
    assert "Share" not in buttons_of(public)
    assert "Share" not in buttons_of(message)
    assert [reply.ephemeral for reply in shared.followups] == [False]
    assert scene.answer_in(public) == scene.answer_in(message)
    again = await scene.bob.click(public, label="Show passages")
    assert "**Tea moon.**" in text_of(again.response)


@played
async def test_an_answer_that_could_not_be_shared_can_be_shared_again(scene: Scene) -> None:
    message = await asked(scene, private=True)
    scene.env.inject_error("POST", "/webhooks/*", status=400)
    failed = await scene.ada.click(message, label="Share")
    assert [reply.ephemeral for reply in failed.followups] == [True]
    assert not scene.channel.history()
    await scene.ada.click(message, label="Share")
    assert len(scene.channel.history()) == 1
    again = await scene.ada.click(scene.last(scene.channel), label="Show passages")
    assert "**Tea moon.**" in text_of(again.response)


@played
async def test_the_article_around_a_quote_is_turned_page_by_page(scene: Scene) -> None:
    scene.add(LONG)
    message = await asked(scene)
    shown = await scene.bob.click(message, label="Show passages")
    seen, page = [], shown.response
    assert page
    first = text_of(page)
    assert "**Tea moon at last.**" in first
    while "◀ Previous" in buttons_of(page):
        seen.append(text_of(page))
        await turned(scene, page, "◀ Previous")
    assert len(set(seen)) > 3
    whole = [text_of(page)]
    while "Next ▶" in buttons_of(page):
        await turned(scene, page, "Next ▶")
        whole.append(text_of(page))
    told = " ".join(whole)
    assert all(plain(f"Part {n} of rain") in told for n in range(200))
    assert whole[-1] == seen[0] == first


@played
async def test_a_button_leads_to_every_quote(scene: Scene) -> None:
    message = await asked(scene)
    shown = await scene.bob.click(message, label="Show passages")
    page = reply(shown)
    await scene.bob.click(page, label="[2]")
    assert text_of(page).startswith("[2] ")
    assert "[2]" not in buttons_of(page)
    assert "[1]" in buttons_of(page)


@pytest.mark.parametrize("label", ["Show passages", "👍", "👎", "Share"])
@played
async def test_what_is_gone_is_said_politely(scene: Scene, label: str) -> None:
    message = await asked(scene, private=True)
    with scene.database.transaction(write=True) as db:
        db.execute("DELETE FROM answers")
    pressed = await scene.ada.click(message, custom_id=buttons_of(message)[label])
    if pressed.modal:
        pressed = await scene.ada.submit_modal(pressed, {"comment": "?"})
    said = pressed.followups or [reply(pressed)]
    assert [text_of(reply) for reply in said] == [
        "That answer is no longer kept. Ask the question again."
    ]
    assert said[0].ephemeral
    assert not scene.channel.history()


@played
async def test_a_withdrawn_answer_is_said_to_be(scene: Scene) -> None:
    message = await asked(scene)
    with scene.database.transaction(write=True) as db:
        db.execute("UPDATE answers SET record = NULL")
    pressed = await scene.ada.click(message, label="Show passages")
    assert "withdrawn" in text_of(pressed.response)


@played
async def test_a_follow_up_to_what_is_gone_begins_anew(scene: Scene) -> None:
    message = await asked(scene)
    conversation = scene.shown(message).conversation_id
    assert conversation
    scene.desk.engine.forget([conversation])
    with scene.database.transaction(write=True) as db:
        db.execute("DELETE FROM answers")
        db.execute("DELETE FROM discord_questions")
    follow = await scene.ada.click(message, label="Ask a follow-up")
    answered = await scene.ada.submit_modal(follow, {"question": QUESTION})
    assert "**Tea moon.** [1]" in text_of(answered.response)


@played
async def test_buttons_count_as_questions_do(scene: Scene) -> None:
    scene.settle(replace(AT_ONCE, cooldown_s=12))
    message = await asked(scene)
    follow = await scene.ada.click(message, label="Ask a follow-up")
    refused = await scene.ada.submit_modal(follow, {"question": "And *rain*?"})
    assert refused.response
    assert refused.response.ephemeral
    assert text_of(refused.response).splitlines() == [
        "Again in 12 s.",
        "",
        r"Your question was: And \*rain\*?",
    ]
    for _ in range(19):
        await scene.ada.click(message, label="Show passages")
    pressed = await scene.ada.click(message, label="Show passages")
    assert text_of(pressed.response) == "Again in 1 s."
    scene.clock.seconds += 12
    pressed = await scene.ada.click(message, label="Show passages")
    assert "**Tea moon.**" in text_of(pressed.response)


@played
async def test_a_long_answer_is_turned_page_by_page(scene: Scene) -> None:
    scene.settle(replace(AT_ONCE, citations=10))
    wide = [
        Article(f"wide{n}.txt", f"Wide {n}", f"Tea moon {n} " + "*" * 900 + ".", source="W")
        for n in range(5)
    ]
    scene.add(*wide)
    message = await asked(scene)
    assert "-# Page 1 of " in text_of(message)
    quotes = text_of(message).count("** [")
    while "Next ▶" in buttons_of(message):
        await turned(scene, message, "Next ▶")
        assert text_of(message).startswith("-# Asked: Tea moon?")
        quotes += text_of(message).count("** [")
    assert quotes == len(scene.answer_in(message).citations) == 5
