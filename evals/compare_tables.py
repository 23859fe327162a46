"""A comparison as tables for a terminal."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.render import printable
from evals.compare import Change, Comparison, Pair
from evals.figures import ALL, BY_NAME, MEASURES
from evals.runs import Outcome, Quote
from evals.tables import grid, number, title_of

_SURE = 0.05
_SHOWN_IDS = 5


def comparison_tables(comparison: Comparison, limit: int) -> Group:
    """Return what differs: the setups, the measures, the slices, then `limit` questions."""
    parts: list[RenderableType] = [_head(comparison), _measures(comparison.changes, ALL)]
    moved = [c for c in comparison.changes if c.slice != ALL and c.p < _SURE]
    if moved:
        parts.append(_slices(moved))
    shown = comparison.pairs[:limit]
    told = f"\n{len(comparison.pairs)} questions changed, worst first"
    if len(shown) < len(comparison.pairs):
        told += f"; the first {len(shown)} (--limit for more)"
    parts += [Text(f"{told}.\n"), *map(_pair, shown)]
    return Group(*parts)


def _head(comparison: Comparison) -> Text:
    lines = [f"A and B: {comparison.paired} questions in common."]
    if comparison.unpaired:
        some = ", ".join(comparison.unpaired[:_SHOWN_IDS])
        lines.append(f"Left out, not in both or changed ({len(comparison.unpaired)}): {some} …")
    for name, value in comparison.before.items():
        lines += _setting(name, value, comparison.after[name])
    return Text(printable("\n".join(lines)) + "\n")


def _setting(name: str, before: object, after: object) -> list[str]:
    """Return a line for a setting that differs; of one with parts, a line for each that does."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return [f"{name}: {before} → {after}"]
    parts = dict.fromkeys([*before, *after])
    return [
        f"{name}.{part}: {before.get(part)} → {after.get(part)}"
        for part in parts
        if before.get(part) != after.get(part)
    ]


def _measures(changes: Sequence[Change], name: str) -> Table:
    table = grid("", "A", "B", "B − A", "95 % interval", "p", "n")
    family = ""
    for change in (change for change in changes if change.slice == name):
        measure = BY_NAME[change.measure]
        if measure.family != family:
            family = measure.family
            table.add_row(Text(family, style="bold"))
        table.add_row(f"  {measure.title}", *_cells(change))
    return table


def _slices(changes: Sequence[Change]) -> Table:
    title = f"\nSlices that differ with p < {_SURE} (one in twenty would by chance)"
    table = grid("", "A", "B", "B − A", "95 % interval", "p", "n", title=title)
    order = {measure.name: place for place, measure in enumerate(MEASURES)}
    for change in sorted(changes, key=lambda c: (c.slice, order[c.measure])):
        title = f"{change.slice}: {title_of(BY_NAME[change.measure])}"
        table.add_row(Text(printable(title)), *_cells(change))
    return table


def _cells(change: Change) -> tuple[RenderableType, ...]:
    good = (change.difference > 0) == BY_NAME[change.measure].rises
    colour = ("green" if good else "red") if change.p < _SURE and change.difference else ""
    interval = f"{number(change.low, sign=True)} … {number(change.high, sign=True)}"
    return (
        number(change.before),
        number(change.after),
        Text(number(change.difference, sign=True), style=colour),
        interval,
        f"{change.p:.3g}",
        str(change.n),
    )


def _pair(pair: Pair) -> Group:
    """Return one question, its gold, and both answers side by side."""
    one, other = pair.before, pair.after
    title = Text.assemble((f"{pair.change:+.2f} ", "cyan"), (one.id, "bold"), f"  {one.kind}")
    about = [Text("  " + printable(_one_line(one.question)))]
    about += [_quote("  gold: ", gold) for gold in one.gold]
    table = Table(box=None, pad_edge=True, expand=True, padding=(0, 1))
    table.add_column("A", ratio=1, overflow="fold")
    table.add_column("B", ratio=1, overflow="fold")
    table.add_row(_reply(one), _reply(other))
    return Group(title, *about, table, Text(""))


def _reply(outcome: Outcome) -> Text:
    word = "retrieval only" if outcome.answered is None else f"confidence {outcome.confidence:.2f}"
    if outcome.answered is not None:
        word = f"{'answered' if outcome.answered else 'abstained'}, {word}"
    text = Text(f"{outcome.fault or word}\n", style="dim")
    for cited in outcome.citations:
        mark = ("✓ ", "green") if cited.right else ("✗ ", "red")
        text.append_text(Text.assemble(mark, (_quoted(cited) + "\n", "")))
    if not outcome.citations:
        text.append(printable(", ".join(outcome.documents[:3])), style="")
    return text


def _quote(label: str, quote: Quote) -> Text:
    return Text(label + _quoted(quote), style="dim")


def _quoted(quote: Quote) -> str:
    where = f"({quote.document_id} {quote.start}–{quote.end})"
    return printable(f"{_one_line(quote.text)} {where}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
