"""Scores of one question: what was found, and what was answered."""

import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.answer import Answer, Citation
from bot.citations import verify
from bot.errors import CitationBroken
from corpus.article import Article
from evals.cases import Case, Gold
from index.errors import ArticleNotFound

# How deep a ranking is judged.
DEPTH = 100
# Our names and those of ir-measures (https://ir-measur.es), which computes them as trec_eval does.
RETRIEVAL = {
    # Share of the relevant items among the first k.
    **{f"recall@{k}": f"R@{k}" for k in (1, 3, 5, 10, DEPTH)},
    # 1 if any of the first k is relevant, else 0.
    **{f"success@{k}": f"Success@{k}" for k in (1, 3, 5, 10)},
    # One over the rank of the first relevant item; 0 if there is none within DEPTH.
    "mrr": "RR",
    # Gain = grade, discount log2(rank + 1), over that of the ideal order (Järvelin & Kekäläinen
    # 2002, with the linear gain of trec_eval and BEIR).
    "ndcg@10": "nDCG@10",
    # Mean of the precisions at each relevant item; items not found count 0.
    "map": "AP",
}
_ARTICLES = {"a", "an", "the"}


def retrieval_scores(
    relevant: Mapping[str, Mapping[str, int]], ranked: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return the scores of `RETRIEVAL` by name for each question that has a relevant item.

    What was not retrieved within `DEPTH` counts as never found.

    Args:
        relevant: By question, the relevant items and their grades, above 0.
        ranked: By question, what was found, best first.
    """
    import ir_measures  # here, because it has no wheel for Linux on Arm

    measures = {ir_measures.parse_measure(theirs): ours for ours, theirs in RETRIEVAL.items()}
    wanted = {question: dict(items) for question, items in relevant.items() if items}
    # trec_eval sorts by score again, and equal ones by falling id: it gets ranks. It leaves out a
    # question for which nothing was found: an unknown item stands in.
    run = {
        question: {item: float(-rank) for rank, item in enumerate(ranked.get(question) or [""])}
        for question in wanted
    }
    scores: dict[str, dict[str, float]] = {question: {} for question in wanted}
    if wanted:
        for score in ir_measures.iter_calc(list(measures), wanted, run):
            scores[score.query_id][measures[score.measure]] = float(score.value)
    return scores


def evidence_first(case: Case, answer: Answer) -> float:
    """Return 1 if the first citation is gold, else 0; what an abstention shows counts too.

    A citation is gold when it shares a character with a gold span, of whichever group. Whether
    the answer dared is `answer_rate`'s business: the two fail apart.
    """
    return float(bool(answer.citations) and is_gold(answer.citations[0], case.gold))


def evidence_anywhere(case: Case, answer: Answer) -> float:
    """Return 1 if every group of gold has a citation, else 0; abstentions count too."""
    groups = {gold.group: [g for g in case.gold if g.group == gold.group] for gold in case.gold}
    cited = answer.citations
    return float(all(any(is_gold(c, spans) for c in cited) for spans in groups.values()))


def answered_with_evidence(case: Case, answer: Answer) -> float:
    """Return 1 if it was answered, not abstained from, and every group of gold is cited."""
    return float(answer.status == "answered") * evidence_anywhere(case, answer)


def citation_precision(case: Case, answer: Answer) -> float:
    """Return which share of the citations is gold; 0 where there are none."""
    cited = answer.citations
    return sum(is_gold(c, case.gold) for c in cited) / len(cited) if cited else 0.0


def answer_found(case: Case, answer: Answer) -> float:
    """Return 1 if a citation holds an answer string, word for word after `normalised`."""
    quotes = [f" {normalised(citation.cited_text)} " for citation in answer.citations]
    wanted = [f" {normalised(text)} " for text in case.answers]
    return float(any(text in quote for text in wanted for quote in quotes))


def short_answer_exact(case: Case, answer: Answer) -> float:
    """Return 1 if the short answer is an answer string after `normalised`, else 0; 0 for none."""
    return max(float(_words(answer) == normalised(text).split()) for text in case.answers)


def short_answer_f1(case: Case, answer: Answer) -> float:
    """Return the F1 of the short answer's words, that of the answer string that is nearest.

    The harmonic mean of the shares of its words, and of the answer's, that are in both, counted
    as often as they stand there (Rajpurkar et al. 2016).
    """
    return max(_f1(_words(answer), normalised(text).split()) for text in case.answers)


def _words(answer: Answer) -> list[str]:
    return normalised(answer.short_answer or "").split()


def _f1(given: Sequence[str], wanted: Sequence[str]) -> float:
    both = (Counter(given) & Counter(wanted)).total()
    return 2 * both / (len(given) + len(wanted)) if both else 0.0


def citation_exactness(answer: Answer, articles: Mapping[str, Article]) -> float:
    """Return 1 if every citation of `answer` holds against the articles as they were read, else 0.

    `bot.citations.verify` checks, not against the index, but against what the index was made
    from, and each citation must say that it was verified.
    """

    def read(article_id: str) -> Article:
        if article_id not in articles:
            raise ArticleNotFound(article_id)
        return articles[article_id]

    try:
        verify(answer, read)
    except CitationBroken:
        return 0.0
    return float(all(citation.verified for citation in answer.citations))


def is_gold(citation: Citation, spans: Iterable[Gold]) -> bool:
    """Tell whether a citation shares a character with one of `spans`."""
    return any(
        citation.document_id == span.document_id
        and citation.start_char_index < span.end
        and span.start < citation.end_char_index
        for span in spans
    )


def normalised(text: str) -> str:
    """Return `text` in lower case without punctuation and articles, words one blank apart.

    As SQuAD's evaluation does it (Rajpurkar et al. 2016), which knows ASCII punctuation only;
    here that of Unicode goes too, or curly quotes would tell apart what people don't.
    """
    kept = "".join(character for character in text.lower() if not _is_punctuation(character))
    return " ".join(word for word in kept.split() if word not in _ARTICLES)


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
