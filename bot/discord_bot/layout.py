"""An answer as people see it in Discord: pages of one components-v2 message, and its buttons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import discord
from discord import ui

from bot.answer import Answer, Citation, Conflict
from bot.citations import as_written, write_conflict
from bot.contents import Collection
from bot.discord_bot.blocks import LINE, MOST_TEXT, PARAGRAPH, Block, pages_of
from bot.discord_bot.buttons import Action, button_id
from bot.discord_bot.neutral import length, linked, one_line, plain, seen, short
from bot.excerpts import Articles, Run, excerpts

_MOST_QUESTION = 200
_MOST_MARKS = len("**** [10]")
_HEADER = 1001
# For a text of which nothing can be seen.
_UNSEEN = "…"
_MOST_TITLE = 200
_MOST_SOURCE = 60
_CLOSEST = 3
_MOST_FRAGMENT = 300
_CONTEXT_CHARS = 120
_COLOUR = discord.Colour(0x2A7F9E)
_QUIET = discord.Colour(0x80848E)


@dataclass(frozen=True, slots=True)
class Shape:
    """How one message shows an answer.

    Attributes:
        header: Stands above the answer: what was asked, neutralised.
        page: Which page, from 0; one beyond the last is the last.
        shareable: Whether only the asker sees it and may show it to the others.
    """

    header: str = ""
    page: int = 0
    shareable: bool = False


def message_of(
    answer: Answer, articles: Articles, collection: Collection | None, shape: Shape
) -> ui.LayoutView:
    """Return the message that shows an answer.

    Args:
        answer: What to show.
        articles: Gives what stands around the quotes.
        collection: What an abstention says that the articles cover; None: not known.
        shape: How.
    """
    pages = pages_of(_blocks(answer, articles, collection))
    number = min(shape.page, len(pages) - 1)
    inside: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay(pages[number])]
    if shape.header:
        inside.insert(0, ui.TextDisplay(shape.header, id=_HEADER))
    if len(pages) > 1:
        inside.append(ui.TextDisplay(f"-# Page {number + 1} of {len(pages)}"))
    view = ui.LayoutView(timeout=None)
    colour = _COLOUR if answer.status == "answered" else _QUIET
    view.add_item(ui.Container(*inside, accent_colour=colour))
    if len(pages) > 1:
        view.add_item(_turning(("page", answer.id), number, len(pages)))
    view.add_item(_buttons(answer, shareable=shape.shareable))
    return finished(view)


def header_of(answer: Answer, question: str) -> str:
    """Return what was asked, and how it was understood where that differs."""
    lines = []
    if question:
        lines.append(f"-# Asked: {one_line(short(question, _MOST_QUESTION))}")
    understood = answer.standalone_question
    if understood not in {"", answer.question}:
        lines.append(f"-# Understood as: {one_line(short(understood, _MOST_QUESTION))}")
    return "\n".join(lines)


def shape_in(message: discord.Message, page: int = 0, *, shared: bool = False) -> Shape:
    """Return how a message of ours shows its answer; at another page, or once it is shared."""
    items = ui.LayoutView.from_message(message, timeout=None).walk_children()
    header = [
        item.content for item in items if isinstance(item, ui.TextDisplay) and item.id == _HEADER
    ]
    return Shape("".join(header), page, shareable=message.flags.ephemeral and not shared)


def leafed(
    texts: Sequence[str], number: int, count: int, turns: tuple[Action, str], *, place: str = ""
) -> ui.LayoutView:
    """Return a message with one page of several, and buttons to the others.

    Args:
        texts: What stands on the page.
        number: Of the page, from 0.
        count: How many there are.
        turns: What the buttons do, and for what.
        place: What stands before the page in the buttons' ids.
    """
    view = ui.LayoutView(timeout=None)
    shown = [text for text in texts if text]
    if count > 1:
        shown.append(f"-# Page {number + 1} of {count}")
    view.add_item(ui.Container(*(ui.TextDisplay[ui.LayoutView](text) for text in shown)))
    if count > 1:
        view.add_item(_turning(turns, number, count, place))
    return finished(view)


def note(text: str) -> ui.LayoutView:
    """Return a message of one line of ours, without buttons."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return finished(view)


def finished(view: ui.LayoutView) -> ui.LayoutView:
    """Return `view`, of which discord.py keeps nothing: its buttons work by their ids alone."""
    view.stop()
    return view


def _turning(
    turns: tuple[Action, str], number: int, count: int, place: str = ""
) -> "ui.ActionRow[ui.LayoutView]":
    """Return the buttons to the page before and after `number` of `count` pages."""
    action, name = turns
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    for label, to in (("◀ Previous", number - 1), ("Next ▶", number + 1)):
        there = 0 <= to < count
        target = f"{place}{to}" if there else "none"
        row.add_item(
            ui.Button(label=label, custom_id=button_id(action, name, target), disabled=not there)
        )
    return row


def _blocks(answer: Answer, articles: Articles, collection: Collection | None) -> Iterator[Block]:
    if answer.status == "abstained":
        yield from _abstention(answer, collection)
    else:
        yield from _said(answer)
        for conflict in answer.conflicts:
            yield Block(_disagreement(conflict, answer.citations))
        for runs in excerpts(answer.citations, articles, _CONTEXT_CHARS):
            yield from _excerpt(runs)
        yield Block(summary(answer))
        for line in source_lines(answer.citations):
            yield Block(line, LINE)
    for notice in answer.warnings:
        yield Block(f"-# Note: {one_line(notice.message)}", LINE)


def _said(answer: Answer) -> Iterator[Block]:
    """Yield the answer with its numbers: the evidence in bold type, unless it fills a page.

    The short answer is underlined in the best quote that has it.
    """
    if answer.mode != "extractive":
        yield Block(plain(answer.answer))
        return
    gap, words = PARAGRAPH, answer.short_answer
    holder = next((c for c in answer.citations if words and words in c.cited_text), None)
    for citation in as_written(answer.citations):
        text = _quoted(citation.cited_text, words if citation == holder else None) or _UNSEEN
        if length(text) + _MOST_MARKS <= MOST_TEXT:
            text = f"**{text}**"
        yield Block(f"{text} [{citation.number}]", gap)
        gap = " "


def _quoted(text: str, underlined: str | None) -> str:
    before, found, after = text.partition(underlined) if underlined else (text, "", "")
    if not found:
        return one_line(text)
    parts = [_spaced(part) if part else "" for part in (before, after)]
    return f"{parts[0]}__{one_line(found)}__{parts[1]}".strip()


def _disagreement(conflict: Conflict, citations: Sequence[Citation]) -> str:
    what, colon, sides = write_conflict(conflict, citations).partition(":")
    return f"**{what}{colon}**{plain(sides)}"


def _has_context(runs: Sequence[Run]) -> bool:
    return any(run.citation is None and run.text.strip(" \n…") for run in runs)


def _excerpt(runs: Sequence[Run]) -> Iterator[Block]:
    """Yield quotes with what stands around them; nothing where that is nothing, or fits no page."""
    block = f"> {''.join(map(_run, runs)).strip()}"
    if _has_context(runs) and length(block) <= MOST_TEXT:
        yield Block(block)


def _run(run: Run) -> str:
    if run.citation is None:
        return _spaced(run.text)
    return f"**{one_line(run.text) or _UNSEEN}** [{run.citation.number}]"


def _spaced(text: str) -> str:
    """Return context on one line, with a blank at an end where it has one."""
    line = seen(text)
    before = " " if line[:1].isspace() else ""
    after = " " if line[-1:].isspace() else ""
    return f"{before}{one_line(line)}{after}" if line.strip() else " "


def _abstention(answer: Answer, collection: Collection | None) -> Iterator[Block]:
    yield Block("**Not in the articles**")
    if answer.abstention:
        yield Block(f"-# {plain(answer.abstention.message)}", LINE)
    closest = list(source_lines(answer.citations, numbered=False))[:_CLOSEST]
    if closest:
        yield Block("Closest:")
    for line in closest:
        yield Block(f"- {line}", LINE)
    if collection is not None:
        yield Block(f"-# {covers(collection)}")


def covers(collection: Collection) -> str:
    """Return what the collection holds, in a sentence."""
    articles = collection.index.documents
    if not articles:
        return "There are no articles yet."
    text = f"The collection: {articles:,} article{'s' if articles != 1 else ''}"
    if collection.sources:
        text += f" from {collection.sources:,} source{'s' if collection.sources != 1 else ''}"
    if collection.oldest and collection.newest:
        text += f", {collection.oldest:%Y-%m-%d} to {collection.newest:%Y-%m-%d}"
    return text + "."


def summary(answer: Answer) -> str:
    """Return how well founded an answer is: "2 independent sources · newest 3 days ago"."""
    sources = answer.corroboration.independent_sources
    parts = [f"{sources} independent source{'s' if sources != 1 else ''}"]
    days = answer.freshness.newest_age_days
    if days is not None:
        parts.append(f"newest {ago(days)}")
    return f"-# {' · '.join(parts)}"


def ago(days: int) -> str:
    """Return how long ago whole `days` are: "today", "1 day ago"."""
    return {0: "today", 1: "1 day ago"}.get(days, f"{days:,} days ago")


def source_lines(citations: Sequence[Citation], *, numbered: bool = True) -> Iterator[str]:
    """Yield a line for each article, in the order of citations: `[1] Title — Outlet, date`."""
    groups: dict[str, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.document_id, []).append(citation)
    for group in groups.values():
        first = group[0]
        numbers = "".join(f"[{citation.number}] " for citation in group) if numbered else ""
        yield numbers + headline(first)


def headline(citation: Citation) -> str:
    """Return a cited article's title, as a link where it has one, its outlet and date."""
    name = short(citation.document_title, _MOST_TITLE) or citation.document_id
    title = linked(name, _url(citation))
    details = [one_line(short(citation.source, _MOST_SOURCE))] if citation.source else []
    if citation.published_at:
        details.append(f"{citation.published_at:%Y-%m-%d}")
    return f"{title} — {', '.join(details)}" if details else title


def _url(citation: Citation) -> str | None:
    """Return the address that marks the quote, or the plain one where that is too long."""
    marked = citation.fragment_url
    return marked if marked and len(marked) <= _MOST_FRAGMENT else citation.url


def _buttons(answer: Answer, *, shareable: bool) -> "ui.ActionRow[ui.LayoutView]":
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    if answer.citations:
        row.add_item(_button("Show passages", "passages", answer.id))
    row.add_item(_button("Ask a follow-up", "follow", answer.id))
    if shareable:
        row.add_item(_button("Share", "share", answer.id))
    row.add_item(_button(None, "up", answer.id, emoji="👍"))
    row.add_item(_button(None, "down", answer.id, emoji="👎"))
    return row


def _button(
    label: str | None, action: Action, answer_id: str, *, emoji: str | None = None
) -> "ui.Button[ui.LayoutView]":
    return ui.Button(label=label, emoji=emoji, custom_id=button_id(action, answer_id))
