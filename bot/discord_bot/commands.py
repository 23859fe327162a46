"""The commands: `/ask`, `/sources`, `/article`, `/help`, `/forget`, and one on messages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import discord
from discord import app_commands

from bot.answerer import MAX_QUESTION_CHARS
from bot.discord_bot.desk import Desk, Wish
from bot.discord_bot.layout import covers, note
from bot.discord_bot.lists import Lists
from bot.discord_bot.moments import SUGGESTIONS, moment_of
from bot.discord_bot.neutral import length, short
from bot.discord_bot.problems import Told
from bot.discord_bot.questions import Questions, server_of
from bot.discord_bot.saying import Interaction, Voice

Choices = list[app_commands.Choice[str]]
Tree = app_commands.CommandTree[Any]

# Discord's limits on choices while somebody types.
MOST_CHOICES = 25
MOST_CHOICE = 100
_ASK_ABOUT = "Ask the articles about this"
_HELP = """**Citewire** answers from a collection of articles, with the sentences that say so.

- `/ask` answers a question; *private* shows it to you alone, *since* and *source* narrow it down.
- Mention me with a question where moderators let me answer, reply to an answer of mine with a \
ping, or write to me directly.
- On a message: *Apps* → *Ask the articles about this*.
- Under an answer: *Show passages* reads on around its quotes, *Ask a follow-up* goes on from \
it, 👍 and 👎 say what you think of it.
- `/sources` lists the outlets, `/article` reads an article, `/forget` erases your questions and \
votes, `/settings` is for members with *Manage Server*.

Where the articles don't say, I say so. Every quote is word for word from its article."""


def add_commands(
    tree: Tree,
    desk: Desk,
    voice: Voice,
    questions: Questions,
    lists: Lists,
    now: Callable[[], datetime],
) -> None:
    """Add the commands to a tree; `now` is the clock that ages are counted from."""
    _add_ask(tree, desk, voice, questions, now)
    _add_ask_about(tree, voice, questions)
    _add_lists(tree, desk, voice, lists)
    _add_help(tree, desk, voice)
    _add_forget(tree, desk, voice)


def _add_ask(
    tree: Tree, desk: Desk, voice: Voice, questions: Questions, now: Callable[[], datetime]
) -> None:
    @tree.command(description="Ask the articles a question")
    @app_commands.describe(
        question="What you want to know",
        private="Only you see the answer",
        since="Only articles from then on: 2025-01-31, or 30 days",
        source="Only articles of this outlet",
    )
    async def ask(
        interaction: Interaction,
        question: app_commands.Range[str, 1, MAX_QUESTION_CHARS],
        private: bool | None = None,  # noqa: FBT001  (Discord's options are arguments)
        since: str | None = None,
        source: str | None = None,
    ) -> None:
        async with voice.apologising(interaction):
            wish = Wish(
                interaction.user.id,
                server_of(interaction),
                question,
                published_after=moment_of(since, now()) if since else None,
                source=source.strip() or None if source else None,
            )
            await questions.answer(interaction, wish, private=private)

    ask.autocomplete("since")(suggest_ages)
    ask.autocomplete("source")(source_suggester(desk))


def _add_ask_about(tree: Tree, voice: Voice, questions: Questions) -> None:
    @tree.context_menu(name=_ASK_ABOUT)
    async def ask_about(interaction: Interaction, message: discord.Message) -> None:
        async with voice.apologising(interaction):
            text = message.content.strip()
            if not text:
                raise Told("That message has no text to ask about.")
            wish = Wish(interaction.user.id, server_of(interaction), text)
            # About somebody else's words: what comes of it is for the asker to share.
            await questions.answer(interaction, wish, private=True)


def _add_lists(tree: Tree, desk: Desk, voice: Voice, lists: Lists) -> None:
    @tree.command(description="The outlets that the articles are from")
    async def sources(interaction: Interaction) -> None:
        async with voice.apologising(interaction):
            desk.count_press(interaction.user.id, server_of(interaction))
            await lists.show_sources(interaction)

    @tree.command(description="Read an article")
    @app_commands.describe(article="Its title")
    async def article(interaction: Interaction, article: str) -> None:
        async with voice.apologising(interaction):
            desk.count_press(interaction.user.id, server_of(interaction))
            await lists.show_article(interaction, article)

    @article.autocomplete("article")
    async def titles(_: Interaction, current: str) -> Choices:
        lines = await desk.read(lambda: desk.engine.articles(current, MOST_CHOICES))
        return [
            app_commands.Choice(name=lists.choice_of(line), value=lists.names.short_of(line.id))
            for line in lines
        ]


def _add_help(tree: Tree, desk: Desk, voice: Voice) -> None:
    @tree.command(description="What I do, and how to ask")
    async def help(interaction: Interaction) -> None:  # noqa: A001  (that is its name)
        async with voice.apologising(interaction):
            desk.count_press(interaction.user.id, server_of(interaction))
            await voice.think(interaction, private=True)
            collection = await desk.read(desk.collection)
            scope = f"\n\n-# {covers(collection)}" if collection else ""
            await voice.finish(interaction, note(_HELP + scope))


def _add_forget(tree: Tree, desk: Desk, voice: Voice) -> None:
    @tree.command(description="Erase your questions and votes")
    async def forget(interaction: Interaction) -> None:
        async with voice.apologising(interaction):
            desk.count_press(interaction.user.id, server_of(interaction))
            await voice.think(interaction, private=True)
            erased = await desk.forget(interaction.user.id)
            questions = f"{erased.questions:,} question{'s' if erased.questions != 1 else ''}"
            votes = f"{erased.votes:,} vote{'s' if erased.votes != 1 else ''}"
            await voice.finish(interaction, note(f"Erased: {questions} and {votes} of yours."))


async def suggest_ages(_: Interaction, current: str) -> Choices:
    """Return ages that begin as what was typed."""
    wanted = current.strip().lower()
    return [app_commands.Choice(name=a, value=a) for a in SUGGESTIONS if a.startswith(wanted)]


def source_suggester(desk: Desk) -> Callable[[Interaction, str], Any]:
    """Return what offers the outlets whose name holds what was typed."""

    async def suggest(_: Interaction, current: str) -> Choices:
        wanted = current.strip().casefold()
        lines = await desk.read(desk.engine.sources)
        names = [line.name for line in lines if wanted in line.name.casefold()]
        # A choice has a name that can be seen, and at most so long a value.
        choices = [
            (short(name, MOST_CHOICE), name) for name in names if length(name) <= MOST_CHOICE
        ]
        return [app_commands.Choice(name=n, value=v) for n, v in choices if n][:MOST_CHOICES]

    return suggest
