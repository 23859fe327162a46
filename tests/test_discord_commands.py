"""The other commands: lists, help, forgetting, settings; cooldowns and permissions."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.discord_bot.preferences import DEFAULTS, ServerSettings
from bot.errors import DatabaseUnusable
from corpus.article import Article
from tests.bot_fakes import TEA
from tests.discord_fakes import AT_ONCE, Scene, buttons_of, played, reply, text_of

QUESTION = "Tea moon?"


async def said(scene: Scene, name: str, **options: object) -> str:
    """What a command tells Ada, and nobody else."""
    result = await scene.ada.slash(scene.channel, name, **options)
    assert result.response
    assert result.response.ephemeral
    return text_of(result.response)


@played
async def test_sources_lists_the_outlets(scene: Scene) -> None:
    text = await said(scene, "sources")
    assert text.splitlines() == [
        "The collection: 2 articles from 2 sources, 2026-01-01 to 2026-01-01.",
        "- **Sea** — 1 article",
        "- **The Post** — 1 article, newest 2026-01-01",
    ]


@played
async def test_a_long_list_of_sources_is_turned(scene: Scene) -> None:
    scene.add(*(Article(f"{n}.txt", f"T{n}", "Tea.", source=f"Outlet *{n:03}*") for n in range(90)))
    result = await scene.ada.slash(scene.channel, "sources")
    page = reply(result)
    text = text_of(page)
    await scene.env.restart_bot(scene.bot())
    while "Next ▶" in buttons_of(page):
        await scene.ada.click(page, label="Next ▶")
        text += text_of(page)
    assert [text.count(rf"**Outlet \*{n:03}\***") for n in range(90)] == [1] * 90


@played
async def test_an_article_is_offered_and_read_in_pages(scene: Scene) -> None:
    story = Article(
        "a/" * 80 + "s.txt", "A story", "\n\n".join(f"Tea {n}." * 40 for n in range(20))
    )
    scene.add(TEA, story)
    offered = await scene.ada.autocomplete(scene.channel, "article", "article", "story")
    assert [choice["name"] for choice in offered] == ["A story"]
    result = await scene.ada.slash(scene.channel, "article", article=offered[0]["value"])
    page = reply(result)
    whole = [text_of(page)]
    while "Next ▶" in buttons_of(page):
        scene.clock.seconds += 1
        await scene.ada.click(page, label="Next ▶")
        whole.append(text_of(page))
    assert len(whole) > 3
    assert all(f"Tea {n}.Tea" in "".join(whole) for n in range(20))
    assert all(part.startswith("**A story**") for part in whole)


@played
async def test_an_article_is_found_by_its_title_as_typed(scene: Scene) -> None:
    text = await said(scene, "article", article="on tea")
    assert text.startswith("[On tea](<https://post.example/tea>)\n-# The Post · Ada · 2026-01-01\n")
    assert "Tea car. Tea moon. Tea rain." in text
    assert "no longer there" in await said(scene, "article", article="on coffee")


@played
async def test_help_says_what_there_is(scene: Scene) -> None:
    text = await said(scene, "help")
    for name in ("/ask", "/sources", "/article", "/forget", "/settings", "Show passages"):
        assert name in text
    assert "2 articles from 2 sources" in text


@played
async def test_forget_erases_what_is_mine(scene: Scene) -> None:
    for member in (scene.ada, scene.bob):
        result = await member.slash(scene.channel, "ask", question=QUESTION)
        await member.click(reply(result), custom_id=buttons_of(reply(result))["👍"])
    assert await said(scene, "forget") == "Erased: 1 question and 1 vote of yours."
    assert await said(scene, "forget") == "Erased: 0 questions and 0 votes of yours."
    left = scene.database.all("SELECT owner FROM feedback")
    assert left == [(scene.preferences.hash_of(scene.bob.id),)]


@pytest.mark.parametrize(
    ("options", "changed", "line"),
    [
        ({"mentions": False}, {"mentions": False}, "- Mentions and replies: nowhere"),
        ({"threads": True}, {"threads": True}, "- Each mention in a thread of its own: yes"),
        ({"private": True}, {"private": True}, "unless told otherwise: yes"),
        ({"source": "The Post"}, {"sources": ("The Post",)}, "- Outlets that count: The Post"),
        (
            {"since": "2025-03"},
            {"published_after": datetime(2025, 3, 1, tzinfo=UTC)},
            "- Articles that count: from 2025-03-01 on",
        ),
        (
            {"before": "2025"},
            {"published_before": datetime(2025, 1, 1, tzinfo=UTC)},
            "- Articles that count: before 2025-01-01",
        ),
        ({"citations": 5}, {"citations": 5}, "- Quotes in an answer: at most 5"),
        ({"cooldown": 7}, {"cooldown_s": 7}, "- Between two questions: 7 s for a member, 0 s for"),
        ({"server_cooldown": 2}, {"server_cooldown_s": 2}, ": 0 s for a member, 2 s for the"),
        ({"delete_with_question": False}, {"delete_with_question": False}, "questions: no"),
        ({"keep_questions": True}, {"keep_questions": True}, "- The text of questions: kept"),
    ],
)
@played
async def test_a_setting_is_kept_and_shown_back(
    scene: Scene, options: dict[str, object], changed: dict[str, Any], line: str
) -> None:
    held = scene.preferences.server(scene.guild.id)
    result = await scene.moderator.slash(scene.channel, "settings", **options)
    assert result.response
    assert result.response.ephemeral
    assert line in text_of(result.response)
    assert scene.preferences.server(scene.guild.id) == replace(held, **changed)


@played
async def test_settings_that_can_not_be_read_are_not_overwritten(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = scene.preferences.server(scene.guild.id)

    def broken(server_id: int | None) -> ServerSettings:
        raise DatabaseUnusable(Path("bot.sqlite"), str(server_id))

    with monkeypatch.context() as patched:
        patched.setattr(scene.preferences, "server", broken)
        scene.desk._settings.clear()
        result = await scene.moderator.slash(scene.channel, "settings", threads=True)
        assert text_of(result.response).startswith("What I keep can't be read")
        result = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
        assert reply(result).ephemeral  # nobody knows what the server wants
        assert "**Tea moon.** [1]" in text_of(result.response)
    assert scene.preferences.server(scene.guild.id) == held


@played
async def test_filters_are_cleared_by_the_word_any(scene: Scene) -> None:
    await scene.moderator.slash(scene.channel, "settings", source="Sea", since="1 year")
    result = await scene.moderator.slash(scene.channel, "settings", source="any", since="any")
    assert "- Outlets that count: all\n- Articles that count: of all dates" in text_of(
        result.response
    )


@played
async def test_a_new_server_has_mentions_answered_nowhere_until_a_channel_is_added(
    scene: Scene,
) -> None:
    scene.settle(replace(DEFAULTS, cooldown_s=0, server_cooldown_s=0))
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert len(scene.channel.history()) == 1
    told = text_of(scene.ada.user.dm_channel.last_message)
    assert "I answer only commands" in told
    result = await scene.moderator.slash(scene.channel, "settings", channel=scene.channel)
    assert f"- Mentions and replies: <#{scene.channel.id}>" in text_of(result.response)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert "**Tea moon.** [1]" in text_of(scene.channel.last_message)
    await scene.moderator.slash(scene.channel, "settings", channel=scene.channel, answer=False)
    before = len(scene.channel.history())
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert len(scene.channel.history()) == before + 1


@played
async def test_mentions_that_are_switched_off_are_silent(scene: Scene) -> None:
    scene.settle(replace(AT_ONCE, channels=(scene.channel.id,), mentions=False))
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert len(scene.channel.history()) == 1
    assert not scene.ada.user.dm_channel.history()


@played
async def test_settings_are_for_members_with_manage_server(scene: Scene) -> None:
    with pytest.raises(Exception, match="default-member-permissions"):
        await scene.ada.slash(scene.channel, "settings")
    commands = await scene.client.tree.fetch_commands()
    (settings,) = [command for command in commands if command.name == "settings"]
    scene.guild.set_command_permissions(settings, {scene.ada: True})
    assert (
        await said(scene, "settings", private=True) == "That is for members with *Manage Server*."
    )
    assert not scene.preferences.server(scene.guild.id).private


@played
async def test_the_settings_of_a_server_hold_for_its_questions(scene: Scene) -> None:
    scene.settle(replace(AT_ONCE, private=True, citations=1))
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    assert result.response
    assert result.response.ephemeral
    assert len(scene.answer_in(result.response).citations) == 1
    scene.settle(replace(AT_ONCE, sources=("Sea",)))
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    assert {c.source for c in scene.answer_in(result.response).citations} == {"Sea"}
    text = await said(scene, "ask", question=QUESTION, source="The Post")
    assert text.startswith("This server's settings leave that source out.")


@pytest.mark.parametrize(("member_s", "server_s"), [(12, 0), (0, 12)])
@played
async def test_a_question_too_early_is_told_when(
    scene: Scene, member_s: int, server_s: int
) -> None:
    channels = (scene.channel.id,)
    scene.settle(
        replace(DEFAULTS, channels=channels, cooldown_s=member_s, server_cooldown_s=server_s)
    )
    await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    second = scene.ada if member_s else scene.bob
    result = await second.slash(scene.channel, "ask", question=QUESTION)
    assert result.response
    assert result.response.ephemeral
    assert text_of(result.response) == "Again in 12 s."
    scene.clock.seconds += 5.5
    before = len(scene.channel.history())
    await second.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert len(scene.channel.history()) == before + 1
    assert text_of(second.user.dm_channel.last_message) == "Again in 7 s."
    scene.clock.seconds += 6.5
    await second.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert "**Tea moon.** [1]" in text_of(scene.channel.last_message)


@pytest.mark.parametrize(
    ("denied", "name"),
    [("send_messages", "Send Messages"), ("read_message_history", "Read Message History")],
)
@played
async def test_a_missing_permission_is_told_to_the_asker_alone(
    scene: Scene, denied: str, name: str
) -> None:
    channel = scene.channel_without(denied)
    scene.settle(replace(AT_ONCE, channels=(channel.id,)))
    await scene.ada.send(channel, f"{scene.mention} {QUESTION}")
    assert len(channel.history()) == 1
    told = text_of(scene.ada.user.dm_channel.last_message)
    assert told == f"I can't answer in <#{channel.id}>: there I lack *{name}*."


@played
async def test_what_discord_forbids_all_the_same_is_told_to_the_asker(scene: Scene) -> None:
    """A bot in time-out has its permissions and may not write."""
    scene.env.inject_error("POST", f"/channels/{scene.channel.id}/messages", status=403, code=50013)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert len(scene.channel.history()) == 1
    told = text_of(scene.ada.user.dm_channel.last_message)
    assert told == f"I can't answer in <#{scene.channel.id}>: I may not write there."


@played
async def test_commands_need_no_permission_in_a_channel(scene: Scene) -> None:
    channel = scene.channel_without("send_messages")
    result = await scene.ada.slash(channel, "ask", question=QUESTION)
    assert "**Tea moon.** [1]" in text_of(result.response)


@played
async def test_commands_say_where_they_work_and_who_may_install_them(scene: Scene) -> None:
    (told,) = [r for r in scene.env.http_requests if r.method == "PUT" and "commands" in r.path]
    assert isinstance(told.json, list)
    commands = {command["name"]: command for command in told.json}
    assert commands.keys() == {
        "ask", "sources", "article", "help", "forget", "settings", "Ask the articles about this",
    }  # fmt: skip
    for name, command in commands.items():
        alone = name == "settings"
        assert command["contexts"] == ([0] if alone else [0, 1, 2])
        assert command["integration_types"] == ([0] if alone else [0, 1])
    assert commands["settings"]["default_member_permissions"] == 1 << 5  # Manage Server


@played
async def test_commands_work_in_direct_messages(scene: Scene) -> None:
    await scene.ada.send_dm("Hello?")
    scene.clock.seconds += 60
    result = await scene.ada.user.slash("ask", question=QUESTION)
    assert "**Tea moon.** [1]" in text_of(result.response)
