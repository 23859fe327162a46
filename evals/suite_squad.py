"""SQuAD's layout: paragraphs as articles, and for each question a twin without its paragraph."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from corpus.article import Article, Span
from corpus.canonical import canonical
from corpus.read import Found
from corpus.sentences import split_sentences
from evals.cases import UNANSWERABLE, Case, Gold, reasons
from evals.errors import InputUnusable, at
from evals.suites import Suite


class _Answer(BaseModel):
    text: str
    answer_start: int


class _Question(BaseModel):
    id: str
    question: str
    answers: tuple[_Answer, ...] = ()
    is_impossible: bool = False


class _Paragraph(BaseModel):
    context: str
    qas: tuple[_Question, ...]


class _Titled(BaseModel):
    title: str
    paragraphs: tuple[_Paragraph, ...]


class _File(BaseModel):
    data: tuple[_Titled, ...]


def load_squad(path: Path) -> Suite:
    """Return the suite of a file in SQuAD's JSON (1.1 or 2.0).

    Every paragraph is an article with its article's title. Gold are the sentences that hold an
    answer. Every question is asked twice: as it is, and as a near-miss twin, unanswerable because
    its paragraph is hidden; the twin's article keeps its other paragraphs. Should another one
    answer it too, the twin is wrongly called unanswerable: a known, small error of this suite.
    Questions of SQuAD 2.0 that are impossible are asked once, and are unanswerable.

    Raises:
        InputUnusable: The file is not SQuAD's JSON, or an answer is not where it says.
    """
    try:
        file = _File.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputUnusable((at(path, None, error.strerror or str(error)),)) from error
    except ValidationError as error:
        problems = tuple(at(path, None, reason) for reason in reasons(error))
        raise InputUnusable(problems) from error
    found, cases, wrong = list[Found](), list[Case](), list[str]()
    for titled in file.data:
        for number, paragraph in enumerate(titled.paragraphs):
            article = Article(
                id=f"{titled.title}/{number}",
                title=titled.title.replace("_", " "),
                text=canonical(paragraph.context),
            )
            found.append(Found(article, str(path.resolve()), None))
            for question in paragraph.qas:
                try:
                    cases += _cases(question, paragraph.context, article)
                except ValueError as error:
                    wrong.append(at(path, None, f"question {question.id!r}: {error}"))
    times = Counter(case.id for case in cases)
    wrong += [
        at(path, None, f"the id {name!r} is there twice") for name in times if times[name] > 1
    ]
    if wrong or not cases:
        raise InputUnusable(tuple(wrong) or (at(path, None, "no question in it"),))
    return Suite(
        name=f"squad:{path.resolve().parent.name}/{path.name}",
        found=tuple(found),
        cases=tuple(cases),
    )


def _cases(question: _Question, context: str, article: Article) -> Iterator[Case]:
    if not question.answers:
        if not question.is_impossible:
            raise ValueError("it has no answer and does not say that it is impossible")
        yield Case(id=question.id, kind=UNANSWERABLE, text=question.question, tags=("impossible",))
        return
    spans = {_sentence(answer, context, article) for answer in question.answers}
    yield Case(
        id=question.id,
        kind="fact",
        text=question.question,
        gold=tuple(
            Gold(article.id, span.start, span.end)
            for span in sorted(spans, key=lambda span: span.start)
        ),
        answers=tuple(dict.fromkeys(answer.text for answer in question.answers)),
    )
    yield Case(
        id=f"{question.id}-twin",
        kind=UNANSWERABLE,
        text=question.question,
        tags=("twin",),
        hidden=(article.id,),
    )


def _sentence(answer: _Answer, context: str, article: Article) -> Span:
    """Return the stretch of sentences that an answer touches, in the article's canonical text."""
    text = canonical(answer.text)
    end = answer.answer_start + len(answer.text)
    if answer.answer_start < 0 or context[answer.answer_start : end] != answer.text:
        raise ValueError(f"{answer.text!r} is not at {answer.answer_start}")
    # Canonical text may be a few characters shorter before the answer: look from there backwards.
    start = article.text.rfind(text, 0, end) if text else -1
    if start < 0:
        raise ValueError(f"{answer.text!r} is not in the paragraph as it was cleaned")
    touched = [
        span
        for span in split_sentences(article.text, article.language)
        if span.start < start + len(text) and start < span.end
    ]
    return Span(touched[0].start, touched[-1].end)
