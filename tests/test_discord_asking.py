"""Asking in Discord: every way in leads to one answer, and nothing else does."""

from dataclasses import replace
from typing import Any

import pytest

from bot.discord_bot.client import Client, intents
from bot.discord_bot.layout import summary
from bot.discord_bot.neutral import one_line
from bot.discord_bot.preferences import DEFAULTS
from bot.discord_bot.questions import is_private, server_of
from tests.discord_fakes import AT_ONCE, Scene, buttons_of, played, text_of

QUESTION = "Tea moon?"
ANSWER_BUTTONS = {"Show passages", "Ask a follow-up", "👍", "👎"}


def check_answer(scene: Scene, message: object) -> None:
    """A message shows an answer: its quotes with their numbers, how well founded, its sources."""
    answer = scene.answer_in(message)
    text = text_of(message)
    assert answer.answer in text.replace("**", "")
    assert answer.status == "answered"
    for citation in answer.citations:
        assert f"**{one_line(citation.cited_text)}** [{citation.number}]" in text
    assert summary(answer) in text
    assert "[On tea](<https://post.example/tea#:~:text=Tea%20moon.>) — The Post, 2026-01-01" in text
    assert buttons_of(message).keys() >= ANSWER_BUTTONS


def test_no_privileged_intent_is_asked_for() -> None:
    wanted = intents()
    assert not any((wanted.message_content, wanted.members, wanted.presences))
    assert {name for name, asked in wanted if asked} == {"guilds", "guild_messages", "dm_messages"}


@pytest.mark.parametrize(("added", "private"), [(True, False), (False, True)])
def test_where_the_bot_was_not_added_answers_are_private(added: bool, private: bool) -> None:  # noqa: FBT001
    """Somebody may have installed it for themselves and use it in others' servers."""

    class Elsewhere:
        guild_id = 5

        class client:  # noqa: N801
            @staticmethod
            def get_guild(guild_id: int) -> object:
                return guild_id if added else None

    interaction: Any = Elsewhere()
    assert is_private(interaction, DEFAULTS) is private
    assert server_of(interaction) == (5 if added else None)


@played
async def test_a_command_is_answered_with_quotes_and_sources(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    assert result.response
    assert not result.response.ephemeral
    check_answer(scene, result.response)
    assert "-# Asked: Tea moon?" in text_of(result.response)
    assert len(scene.channel.history()) == 1
    assert "Share" not in buttons_of(result.response)


@played
async def test_a_private_command_answers_the_asker_alone(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=True)
    assert result.response
    assert result.response.ephemeral
    check_answer(scene, result.response)
    assert not scene.channel.history()


@played
async def test_since_and_source_narrow_the_articles_down(scene: Scene) -> None:
    for options in ({"since": "2026-01-02"}, {"source": "Nobody"}):
        result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, **options)
        assert "**Not in the articles**\n-# No article passes the filters." in text_of(
            result.response
        )
    result = await scene.ada.slash(
        scene.channel, "ask", question=QUESTION, since="7 days", source="the post"
    )
    check_answer(scene, result.response)


@played
async def test_a_date_that_is_none_is_said_in_private(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, since="yore")
    assert result.response
    assert result.response.ephemeral
    assert "Dates are like" in text_of(result.response)


@played
async def test_sources_and_ages_are_suggested(scene: Scene) -> None:
    offered = await scene.ada.autocomplete(scene.channel, "ask", "source", "po")
    assert offered == [{"name": "The Post", "value": "The Post"}]
    offered = await scene.ada.autocomplete(scene.channel, "ask", "since", "30")
    assert [choice["value"] for choice in offered] == ["30 days"]


@played
async def test_a_mention_is_answered_in_one_message(scene: Scene) -> None:
    asked = await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    reply = scene.channel.last_message
    check_answer(scene, reply)
    assert reply
    assert reply.reference
    assert reply.reference.message_id == asked.id
    assert len(scene.channel.history()) == 2
    sent, edited = (r for r in scene.env.http_requests if "/messages" in r.path)
    assert (sent.method, edited.method) == ("POST", "PATCH")
    assert isinstance(sent.json, dict)
    assert sent.json["nonce"]
    assert sent.json["enforce_nonce"]


@played
async def test_a_reply_to_an_answer_goes_on_with_its_conversation(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    first = scene.channel.last_message
    assert first
    await scene.bob.send(scene.channel, f"{scene.mention} And rain?", reply_to=first)
    second = scene.channel.last_message
    assert second
    before, after = scene.shown(first), scene.shown(second)
    assert before.conversation_id == after.conversation_id
    assert before.answer_id != after.answer_id


@played
async def test_a_reply_that_pings_needs_no_mention(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    first = scene.channel.last_message
    assert first
    await scene.ada.send(scene.channel, "And rain?", reply_to=first)
    assert len(scene.channel.history()) == 4
    after = scene.shown(scene.channel.last_message)
    assert after.conversation_id == scene.shown(first).conversation_id


@played
async def test_a_reply_whose_content_discord_keeps_from_us_is_let_be(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    first = scene.channel.last_message
    assert first
    await scene.reply_without_ping(first, "And rain?")
    assert len(scene.channel.history()) == 3


@played
async def test_a_reply_to_something_else_of_ours_is_no_question(scene: Scene) -> None:
    await scene.ada.send(scene.channel, scene.mention)
    hint = scene.channel.last_message
    assert hint
    await scene.ada.send(scene.channel, "Thanks!", reply_to=hint)
    assert len(scene.channel.history()) == 3


@played
async def test_a_direct_message_is_answered(scene: Scene) -> None:
    await scene.ada.send_dm(QUESTION)
    check_answer(scene, scene.ada.user.dm_channel.last_message)


@played
async def test_a_thread_is_opened_and_gone_on_with_where_the_server_wants_it(scene: Scene) -> None:
    scene.settle(replace(AT_ONCE, channels=(scene.channel.id,), threads=True))
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    (thread,) = scene.channel.threads
    assert thread.name == QUESTION
    check_answer(scene, thread.last_message)
    first = scene.shown(thread.last_message)
    await scene.ada.send(thread, f"{scene.mention} And rain?")
    second = scene.shown(thread.last_message)
    assert second.answer_id != first.answer_id
    assert second.conversation_id == first.conversation_id


@played
async def test_what_can_not_be_read_in_a_thread_is_explained_once(scene: Scene) -> None:
    """Without the privileged intent Discord empties messages that do not mention us."""
    scene.settle(replace(AT_ONCE, channels=(scene.channel.id,), threads=True))
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    (thread,) = scene.channel.threads
    await scene.ada.send(thread, "And rain?")
    assert "mention me" in text_of(thread.last_message)
    before = len(thread.history())
    await scene.ada.send(thread, "Hello?")
    assert len(thread.history()) == before + 1


@played
async def test_what_can_be_read_in_a_thread_is_answered(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should Discord ever send it all the same."""
    monkeypatch.setattr("simcord.intents._content_exempt", lambda *_: True)
    scene.settle(replace(AT_ONCE, channels=(scene.channel.id,), threads=True))
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    (thread,) = scene.channel.threads
    first = scene.shown(thread.last_message)
    for _ in range(2):
        await scene.bob.send(thread, "And tea car?")
        second = scene.shown(thread.last_message)
        assert second.answer_id != first.answer_id
        assert second.conversation_id == first.conversation_id


@played
async def test_articles_are_asked_about_a_message(scene: Scene) -> None:
    message = await scene.bob.send(scene.channel, QUESTION)
    result = await scene.ada.context_menu(scene.channel, "Ask the articles about this", message)
    assert result.response
    assert result.response.ephemeral
    check_answer(scene, result.response)
    assert "Share" in buttons_of(result.response)


@played
async def test_a_message_without_text_is_nothing_to_ask_about(scene: Scene) -> None:
    message = await scene.bob.send(scene.channel, "", attachments=[("tea.png", b"png")])
    result = await scene.ada.context_menu(scene.channel, "Ask the articles about this", message)
    assert text_of(result.response) == "That message has no text to ask about."
    assert result.response
    assert result.response.ephemeral


@pytest.mark.parametrize("said", [QUESTION, "@everyone tea?", "tea <@1> moon?", "/ask tea"])
@played
async def test_what_is_not_said_to_the_bot_is_not_answered(scene: Scene, said: str) -> None:
    await scene.ada.send(scene.channel, said)
    reply = await scene.ada.send(scene.channel, said)
    await scene.bob.send(scene.channel, said, reply_to=reply)
    assert len(scene.channel.history()) == 3


@played
async def test_another_bot_is_not_answered(scene: Scene) -> None:
    robot = scene.guild.add_member(scene.env.create_user("robot", bot=True))
    await robot.send(scene.channel, f"{scene.mention} {QUESTION}")
    hook = scene.guild.create_webhook(scene.channel)
    await hook.send(f"{scene.mention} {QUESTION}")
    assert len(scene.channel.history()) == 2


@played
async def test_a_mention_without_a_question_is_told_how_to_ask(scene: Scene) -> None:
    await scene.ada.send(scene.channel, scene.mention)
    assert "`/ask`" in text_of(scene.channel.last_message)


@played
async def test_an_abstention_gives_headlines_and_what_there_is(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question="Who won the cup?")
    text = text_of(result.response)
    answer = scene.answer_in(result.response)
    assert answer.status == "abstained"
    assert text.splitlines()[1] == "**Not in the articles**"
    assert answer.abstention
    assert text.splitlines()[2] == f"-# {answer.abstention.message}"
    assert text.count("\n- ") == len({c.document_id for c in answer.citations}) == 2
    assert "- [On tea](<" in text
    assert "2 articles from 2 sources, 2026-01-01 to 2026-01-01." in text
    assert "sorry" not in text.lower()


@played
async def test_an_answer_goes_with_its_question(scene: Scene) -> None:
    for wanted in (False, True):
        scene.settle(replace(AT_ONCE, channels=(scene.channel.id,), delete_with_question=wanted))
        asked = await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
        before = len(scene.channel.history())
        await scene.ada.delete(asked)
        assert len(scene.channel.history()) == before - (2 if wanted else 1)


@played
async def test_a_withdrawn_source_is_said_in_the_answers_that_quoted_it(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    reply = scene.channel.last_message
    assert reply
    await scene.client.withdraw(scene.shown(reply))
    assert "withdrawn" in text_of(scene.channel.last_message)
    assert not buttons_of(scene.channel.last_message)


@played
async def test_a_second_bot_takes_up_where_the_first_ended(scene: Scene) -> None:
    """Commands that Discord knows are not sent again; see `test_discord_delivery`."""
    again: Client = scene.bot()
    await scene.env.restart_bot(again)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    check_answer(scene, scene.channel.last_message)
    told = [r for r in scene.env.http_requests if r.method == "PUT" and "commands" in r.path]
    assert len(told) == 1


@played
async def test_a_thread_whose_channel_was_switched_off_is_let_be(scene: Scene) -> None:
    scene.settle(replace(AT_ONCE, channels=(scene.channel.id,), threads=True))
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    (thread,) = scene.channel.threads
    scene.settle(AT_ONCE)
    before = len(thread.history())
    await scene.ada.send(thread, "And rain?")
    assert len(thread.history()) == before + 1
    assert not scene.ada.user.dm_channel.history()


@played
async def test_a_channel_that_is_not_known_yet_is_looked_up(scene: Scene) -> None:
    guild = scene.client.get_guild(scene.guild.id)
    assert guild
    other = scene.guild.create_text_channel("other")
    for channel in (scene.channel, other):
        guild._channels.pop(channel.id)
        await scene.ada.send(channel, f"{scene.mention} {QUESTION}")
    assert "**Tea moon.** [1]" in text_of(scene.last(scene.channel))
    assert len(other.history()) == 1


@played
async def test_who_mentions_in_vain_again_and_again_is_told_now_and_then(scene: Scene) -> None:
    scene.settle(AT_ONCE)
    for seconds in (0, 1, 5):
        scene.clock.seconds += seconds
        await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert len(scene.ada.user.dm_channel.history()) == 2
