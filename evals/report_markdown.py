"""A run as Markdown: its scores and the worst of what went wrong."""

import re
from collections.abc import Sequence

from evals.failures import Failure, Fault
from evals.report_rows import score_rows
from evals.runs import Run

MAX_FAILURES = 8  # of each sort
# What would start markup, HTML, a link, a mention or a cell of a table anywhere in a line.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#|~&@!:$])")
# What would start a list or a heading at the start of one.
_STARTS = re.compile(r"^([-+=]|\d+[.)])")


def markdown(run: Run, failures: Sequence[Failure]) -> str:
    """Return the report as Markdown: scores, then the worst failures of each sort."""
    setup = run.setup
    lines = [f"# Citewire evaluation: {escaped(setup.suite)}", ""]
    model = f"{setup.encoder['model']} {setup.encoder['quantization']}"
    told = f"{setup.asked} questions, {setup.articles} articles, {setup.passages} passages"
    lines += [f"{told}; {escaped(model)}.", ""]
    if setup.broken:
        lines += [f"Broken on purpose: {escaped(setup.broken)}.", ""]
    if setup.stale:
        lines += [f"Stale gold, not scored: {escaped(', '.join(setup.stale))}.", ""]
    lines += ["| measure | value | 95 % interval | n |", "|---|---:|---:|---:|"]
    for family, rows in score_rows(run):
        lines.append(f"| **{family}** | | | |")
        lines += [f"| {row.title} | {row.value} | {row.interval} | {row.n} |" for row in rows]
    lines += ["", "## What went wrong", "", f"{len(failures)} of {setup.asked}, worst first.", ""]
    for fault in Fault:
        some = [failure for failure in failures if failure.fault is fault]
        if some:
            title = f"{fault.value[0].upper()}{fault.value[1:]}: {len(some)}"
            more = len(some) - MAX_FAILURES
            lines += [f"### {title}", "", *map(_line, some[:MAX_FAILURES])]
            lines += [f"- and {more} more", ""] if more > 0 else [""]
    return "\n".join(lines).rstrip("\n") + "\n"


def escaped(text: str) -> str:
    r"""Return `text` on one line and with a `\` before all that Markdown would take for markup."""
    return _STARTS.sub(r"\\\1", _SPECIAL.sub(r"\\\1", " ".join(text.split())))


def _line(failure: Failure) -> str:
    outcome = failure.outcome
    sure = "" if outcome.confidence is None else f" ({outcome.confidence:.2f})"
    line = f"- **{escaped(outcome.question)}**{sure}"
    if wanted := " / ".join(outcome.expected):
        line += f"; gold: {escaped(wanted)}"
    cited = [escaped(quote.text) for quote in outcome.citations[:1]]
    return f"{line}; cited first: {cited[0]}" if cited else line
