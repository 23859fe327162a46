"""The dialogue of `citewire eval new`."""

import sys
from collections.abc import Callable
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from bot.render import printable
from corpus.article import Passage
from evals.cases import UNANSWERABLE
from evals.drafting import (
    KINDS,
    Draft,
    Drafts,
    Refused,
    answer_of,
    gold_of,
    kind_of,
    question_of,
)

_HELP = (
    "/skip: another passage; /back: one step back; /search WORDS: passages that say them; "
    "/more WORDS: one more passage beside this one; /quit, or Ctrl-D: enough. "
    "Each question is saved when it is complete."
)
_PROMPTS = {
    "question": "Question: ",
    "kind": f"Kind ({', '.join(KINDS)}) [fact]: ",
    "gold": "Sentences that answer it (2, 2-3, 2 | 5: either, 2, 5: both): ",
    "answer": "Short answer, as these say it (or nothing): ",
    "why": "Why not (not-reported, wrong-year, false-premise, other-entity, off-topic …): ",
}


class _Quit(Exception):
    """Enough."""


class _Skip(Exception):
    """Another passage."""


class _Back(Exception):
    """One step back."""


class _Search(Exception):
    """Passages that say these words."""

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__(words)


def read_line(prompt: str) -> str:
    """Return a line that was typed or piped.

    Raises:
        EOFError: There is no more.
    """
    if sys.stdin.isatty() and sys.stdout.isatty():
        import readline  # noqa: F401  (input() uses it once it is there)

        return input(prompt)
    typed = input(prompt)
    sys.stdout.write(f"{typed}\n")  # what was piped shows beside its prompt, as if typed
    return typed


class Session:
    """Shows passages, asks for questions, saves them."""

    def __init__(self, drafts: Drafts, console: Console, read: Callable[[str], str]) -> None:
        self._drafts, self._console, self._read = drafts, console, read
        self._queue = drafts.passages
        self._page: list[Passage] = []

    def run(self) -> None:
        """Go on until there is no more passage, or whoever types has enough."""
        self._say(_HELP)
        try:
            self._passages()
            self._say("\nThat was the last passage.")
        except (EOFError, KeyboardInterrupt, _Quit):
            self._say("")
        self._say(f"{len(self._drafts.ids)} questions in {self._drafts.file}.")

    def _passages(self) -> None:
        place = 0
        while place < len(self._queue):
            self._page = [self._queue[place]]
            self._show()
            try:
                draft = self._draft()
            except _Skip:
                place += 1
            except _Back:
                place = max(0, place - 1)
            except _Search as search:
                place, self._queue = 0, self._drafts.search(search.words)
            else:
                self._say(f"Saved as {self._drafts.add(draft)}.")
                place += 1

    def _draft(self) -> Draft:
        """Return the next question on the passages that are shown."""
        draft, step = Draft(), 0
        while True:
            steps = ["question", "kind"]
            steps += ["why"] if draft.kind == UNANSWERABLE else ["gold", "answer"]
            if step == len(steps):
                return draft
            try:
                draft = self._with(draft, steps[step], self._typed(_PROMPTS[steps[step]]))
            except Refused as refused:
                self._say(str(refused))
            except _Back:
                if not step:
                    raise
                step -= 1
            else:
                step += 1

    def _with(self, draft: Draft, step: str, typed: str) -> Draft:
        """Return the draft with what was typed in it.

        Raises:
            Refused: It can't be meant.
        """
        if step == "question":
            return replace(draft, text=question_of(typed, self._drafts.questions))
        if step == "kind":  # what was typed before a step back is asked for again
            return Draft(text=draft.text, kind=kind_of(typed))
        if step == "gold":
            sentences = self._drafts.sentences(self._page)
            return replace(draft, gold=gold_of(typed, sentences, draft.kind))
        if step == "answer":
            return replace(draft, answer=answer_of(typed, draft.gold, self._drafts.articles))
        if not typed:
            raise Refused("A reason, please: it becomes a slice of its own.")
        return replace(draft, why=typed)

    def _typed(self, prompt: str) -> str:
        """Return what was typed, its commands done."""
        while True:
            typed = self._read(prompt).strip()
            if not typed.startswith("/"):
                return typed
            command, _, words = typed.partition(" ")
            if command in {"/quit", "/skip", "/back"}:
                raise {"/quit": _Quit, "/skip": _Skip, "/back": _Back}[command]
            if command not in {"/search", "/more"} or not words:
                self._say(_HELP)
                continue
            found = [one for one in self._drafts.search(words) if one not in self._page]
            if not found:
                self._say("No other passage says this.")
            elif command == "/search":
                raise _Search(words)
            else:
                self._page.append(found[0])
                self._show()

    def _show(self) -> None:
        """Print the passages, their sentences numbered through."""
        shown = 0
        for passage in self._page:
            article = self._drafts.articles[passage.article_id]
            self._say(f"\n{article.title or article.id} ({article.id})", style="bold")
            sentences = self._drafts.sentences([passage])
            for number, sentence in enumerate(sentences, start=shown + 1):
                self._say(f"{number:3} {sentence.text}")
            shown += len(sentences)

    def _say(self, words: str, style: str = "") -> None:
        self._console.print(Text(printable(words), style=style))
