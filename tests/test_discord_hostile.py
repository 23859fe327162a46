"""Hundreds of hostile texts as title, body, outlet and question: nothing pings, links or breaks."""

from dataclasses import replace
from typing import Any

import pytest

from bot.discord_bot.neutral import length, seen, web_address
from corpus.article import Article
from tests.bot_fakes import NOW
from tests.discord_fakes import AT_ONCE, Scene, buttons_of, played, reply, text_of, texts_of
from tests.discord_hostile import HOSTILE
from tests.discord_markdown import raw_dangers, shown

# Of our own: quotes in blocks, evidence in bold type, small print, lists.
OURS = {"bold", "block >", "block -#", "block -"}
# What Discord takes of all texts of a message.
MOST_TEXT = 4000
ARTICLES = tuple(
    Article(
        f"{number}.txt",
        text,
        f"Tea w{number} {text} moon. Car {text}\n\n{text}",
        url=f"https://post.example/{number}/{text[:40]}" if number % 3 else text,
        source=text,
        author=text,
        published_at=NOW,
    )
    for number, text in enumerate(HOSTILE)
)
ADDRESSES = {web_address(article.url) for article in ARTICLES} - {None}


def is_ours(address: str) -> bool:
    """Tell whether a link leads to an article, perhaps to a quote in it."""
    plain, _, _ = address.partition(":~:text=")
    return bool({address, plain, plain.removesuffix("#")} & ADDRESSES)


def check(message: Any) -> str:  # noqa: ANN401  (simcord's, or discord.py's)
    """A message acts in no way but ours; return what is seen of it."""
    texts = texts_of(message)
    assert 0 < sum(map(length, texts)) <= MOST_TEXT
    for raw in texts:
        for act in shown(raw).acts:
            assert act in OURS or (act.startswith("link ") and is_ours(act.removeprefix("link ")))
        assert raw_dangers(raw, is_ours) == []
    return " ".join(shown("\n".join(texts)).text.split())


async def slash(scene: Scene, question: str) -> Any:  # noqa: ANN401
    """The answer to a command."""
    return reply(await scene.ada.slash(scene.channel, "ask", question=question))


async def mention(scene: Scene, question: str) -> Any:  # noqa: ANN401
    """The answer to a mention."""
    await scene.ada.send(scene.channel, f"{scene.mention} {question}")
    return scene.last(scene.channel)


async def thread(scene: Scene, question: str) -> Any:  # noqa: ANN401
    """The answer in a thread that was opened for it."""
    scene.settle(replace(AT_ONCE, channels=(scene.channel.id,), threads=True))
    await scene.ada.send(scene.channel, f"{scene.mention} {question}")
    return scene.last(scene.channel.threads[-1])


async def button(scene: Scene, question: str) -> Any:  # noqa: ANN401
    """The answer to a follow-up."""
    first = await scene.ada.slash(scene.channel, "ask", question="w1 tea?")
    modal = await scene.ada.click(reply(first), label="Ask a follow-up")
    answered = reply(await scene.ada.submit_modal(modal, {"question": question}))
    passages = await scene.ada.click(answered, label="Show passages")
    check(passages.response)
    return answered


@pytest.mark.slow
@pytest.mark.parametrize("way", [slash, mention, thread, button])
@played
async def test_hostile_texts_do_nothing(scene: Scene, way: Any) -> None:  # noqa: ANN401
    scene.add(*ARTICLES)
    quoted = 0
    for number, text in enumerate(HOSTILE):
        scene.clock.seconds += 60
        question = f"tea w{number} {text}"[:1950]  # and the mention: 2000 in a message
        message = await way(scene, question)
        told = check(message)
        while "Next ▶" in buttons_of(message):
            scene.clock.seconds += 60
            await scene.ada.click(message, label="Next ▶")
            told += check(message)
        quoted += " ".join(seen(text).split())[:40] in told
    assert quoted > 0.9 * len(HOSTILE)


@played
async def test_hostile_articles_and_outlets_are_listed_and_read(scene: Scene) -> None:
    scene.add(*ARTICLES)
    listed = reply(await scene.ada.slash(scene.channel, "sources"))
    check(listed)
    while "Next ▶" in buttons_of(listed):
        scene.clock.seconds += 60
        await scene.ada.click(listed, label="Next ▶")
        check(listed)
    for article in ARTICLES[:: len(ARTICLES) // 40]:
        scene.clock.seconds += 60
        read = (await scene.ada.slash(scene.channel, "article", article=article.id)).response
        check(read)


@played
async def test_hostile_settings_are_shown_back_harmlessly(scene: Scene) -> None:
    for text in HOSTILE[::4]:
        scene.clock.seconds += 60
        options = {"source": text[:6000]}
        result = await scene.moderator.slash(scene.channel, "settings", **options)
        (line,) = [raw for raw in text_of(result.response).split("\n") if "Outlets" in raw]
        assert shown(line).acts == ["block -"]
        assert raw_dangers(line) == []
        await scene.moderator.slash(scene.channel, "settings", source="any")
