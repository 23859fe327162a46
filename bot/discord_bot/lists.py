"""Outlets and articles to read through, page by page."""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256

from discord import ui

from bot.contents import ArticleLine, Collection, SourceLine
from bot.discord_bot.blocks import LINE, Block, pages_of
from bot.discord_bot.desk import Desk
from bot.discord_bot.layout import covers, leafed
from bot.discord_bot.neutral import linked, one_line, short
from bot.discord_bot.problems import Told
from bot.discord_bot.reading import reading
from bot.discord_bot.saying import Interaction, Voice
from corpus.article import Article

# A choice has 100 characters, and so has the id of a button around a name.
_MOST_NAME = 60
_MOST_CHOICE = 100
_MOST_TITLE = 200
_MOST_HELD = 5000
_ON_A_PAGE = 1800


class Names:
    """Short names of articles: an id that is too long for a choice or a button is held by a hash.

    The last five thousand are; of one from before a restart nothing is known.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._held: OrderedDict[str, str] = OrderedDict()

    def short_of(self, article_id: str) -> str:
        """Return what stands for an id."""
        if len(article_id) <= _MOST_NAME and not article_id.startswith("#"):
            return article_id
        name = "#" + sha256(article_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._held[name] = article_id
        self._held.move_to_end(name)
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
        return name

    def article_id(self, name: str) -> str:
        """Return the id that a name stands for.

        Raises:
            Told: It is not known any more.
        """
        if name in self._held:
            return self._held[name]
        if name.startswith("#"):
            raise Told("That list is from too long ago. `/article` finds the article again.")
        return name


class Lists:
    """Shows lists to one reader; their buttons go on working after a restart."""

    def __init__(self, desk: Desk, voice: Voice) -> None:
        """Prepare."""
        self._desk, self._voice = desk, voice
        self.names = Names()

    async def show_sources(self, interaction: Interaction) -> None:
        """Show the outlets."""
        await self._voice.think(interaction, private=True)
        await self._voice.finish(interaction, await self._sources(0))

    async def turn_sources(self, interaction: Interaction, _: str, place: str) -> None:
        """Show another page of them."""
        await self._voice.turn(interaction)
        await self._voice.finish(interaction, await self._sources(int(place)))

    async def show_article(self, interaction: Interaction, name: str) -> None:
        """Show an article by the name that was chosen, or by its id or title as typed."""
        await self._voice.think(interaction, private=True)
        await self._voice.finish(interaction, await self._article(await self._id_of(name), 0))

    async def turn_article(self, interaction: Interaction, name: str, place: str) -> None:
        """Show another page of it."""
        await self._voice.turn(interaction)
        view = await self._article(self.names.article_id(name), int(place))
        await self._voice.finish(interaction, view)

    def choice_of(self, line: ArticleLine) -> str:
        """Return how an article is offered while somebody types."""
        details = [line.source or "", f"{line.published_at:%Y-%m-%d}" if line.published_at else ""]
        title = short(line.title, _MOST_CHOICE) or line.id
        return short(" · ".join(filter(None, [title, *details])), _MOST_CHOICE)

    async def _id_of(self, name: str) -> str:
        """Return the article that was meant: what was typed may be a title."""
        known = self.names.article_id(name)
        for line in await self._desk.read(lambda: self._desk.engine.articles(known, 1)):
            if known != line.id and known.casefold() in line.title.casefold():
                return line.id
        return known

    async def _sources(self, page: int) -> ui.LayoutView:
        engine = self._desk.engine
        collection, lines = await self._desk.read(lambda: (engine.collection(), engine.sources()))
        pages = pages_of(_outlets(collection, lines), _ON_A_PAGE)
        number = min(page, len(pages) - 1)
        return leafed([pages[number]], number, len(pages), ("sources", "all"))

    async def _article(self, article_id: str, page: int) -> ui.LayoutView:
        article = await self._desk.read(lambda: self._desk.engine.article(article_id))
        pages = reading(article.text)
        number = min(page, len(pages.pages) - 1)
        texts = [_title(article), pages.shown(number, ())]
        name = self.names.short_of(article_id)
        return leafed(texts, number, len(pages.pages), ("article", name))


def _outlets(collection: Collection, lines: Sequence[SourceLine]) -> list[Block]:
    blocks = [Block(covers(collection))]
    for line in lines:
        newest = f", newest {line.newest:%Y-%m-%d}" if line.newest else ""
        count = f"{line.articles:,} article{'s' if line.articles != 1 else ''}"
        name = one_line(short(line.name, _MOST_TITLE))
        blocks.append(Block(f"- **{name}** — {count}{newest}", LINE))
    return blocks


def _title(article: Article) -> str:
    title = linked(short(article.title, _MOST_TITLE) or article.id, article.url)
    details = [
        one_line(short(part, _MOST_NAME)) for part in (article.source, article.author) if part
    ]
    if article.published_at:
        details.append(f"{article.published_at:%Y-%m-%d}")
    line = f"**{title}**" if not article.url else title
    return f"{line}\n-# {' · '.join(details)}" if details else line
