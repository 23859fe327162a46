// One question and its answer: while it comes, and when it is there.

import { actions } from "./actions.js";
import { button, fill, h } from "./dom.js";
import { marker } from "./peek.js";
import { quoted } from "./quote.js";
import { facts, quotes, sources } from "./sources.js";
import { count, cut, percent, placed } from "./text.js";

const SLOW_MS = 4000;
const MARKER = /\[(\d{1,2})\]/;

/** The element of one question: `element` goes into the page, the rest fills it. */
export class Turn {
  constructor(question) {
    this.question = question;
    this.text = "";
    this.citations = [];
    this.status = h("p", { class: "status" });
    this.body = h("div", { class: "answer" });
    this.after = h("div", { class: "after" });
    this.element = h(
      "article", { class: "turn" },
      h("h2", { class: "question", tabindex: "-1", dir: "auto" }, question),
      this.status, this.body, this.after,
    );
  }

  /** Shows that the answer is awaited. */
  wait() {
    this.text = "";
    this.citations = [];
    this.element.setAttribute("aria-busy", "true");
    this.element.dataset.state = "waiting";
    this.status.textContent = "Searching the articles";
    fill(this.body, h("div", { class: "bones", "aria-hidden": "true" }, h("i"), h("i"), h("i")));
    fill(this.after);
    clearTimeout(this.slow);
    this.slow = setTimeout(() => {
      this.status.textContent = "Still searching: the server is slow at the moment";
    }, SLOW_MS);
  }

  /** Takes one event of the stream. */
  event(event) {
    if (event.type === "answer.retrieval.completed") {
      clearTimeout(this.slow);
      this.status.textContent = `Found ${count(event.documents.length, "article")}`;
    } else if (event.type === "answer.citation.added") {
      this.citations.push(event.citation);
    } else if (event.type === "answer.text.delta") {
      this.text += event.delta;
      this.draw ??= requestAnimationFrame(() => {
        this.draw = null;
        if (this.element.dataset.state === "waiting") this.stream();
      });
    }
  }

  stream() {
    const known = { answer: this.text, citations: this.citations, conflicts: [] };
    fill(this.body, h("p", { class: "words", dir: "auto" }, words(known, known.answer.length)));
  }

  settle(state) {
    clearTimeout(this.slow);
    if (this.draw) cancelAnimationFrame(this.draw);
    this.draw = null;
    this.element.removeAttribute("aria-busy");
    this.element.dataset.state = state;
  }

  /** Shows the whole answer; `way` has what can be done with it. */
  finish(answer, way) {
    this.settle(answer.status);
    const { score, threshold } = answer.confidence;
    if (answer.status === "answered") {
      this.status.textContent = `Answered · ${percent(score)} sure`;
      fill(this.body, h("p", { class: "words", dir: "auto" }, words(answer, quotedEnd(answer))));
      fill(this.after, facts(answer), sources(answer), actions(answer));
    } else {
      const sure = `${percent(score)} sure, ${percent(threshold)} needed`;
      this.status.textContent = answer.citations.length ? `Not answered · ${sure}` : "Not answered";
      fill(this.body, h("p", { class: "own" }, answer.answer));
      fill(this.after, filtered(answer, way), quotes(answer), way.coverage(answer),
        facts(answer), answer.citations.length > 0 && actions(answer));
    }
  }

  /** Shows what went wrong instead. */
  fail(state) {
    this.settle("failed");
    this.status.textContent = "Not answered";
    fill(this.body, state);
    fill(this.after);
  }
}

function filtered(answer, way) {
  if (answer.abstention?.reason !== "filtered_out" || !way.unfilter) return null;
  return h("p", {}, button("Ask again without filters", way.unfilter, { class: "main" }));
}

/** Returns where the quotes and their numbers end; disagreements, told below, come after. */
function quotedEnd(answer) {
  if (answer.conflicts.length === 0) return answer.answer.length;
  const ranges = placed(answer.answer, quotedRanges(answer));
  const end = Math.max(0, ...ranges.map((range) => range.to));
  const number = answer.answer.slice(end).match(/^\s*(?:\[\d{1,2}\]\s*)+/);
  return end + (number ? number[0].length : 0);
}

function quotedRanges(answer) {
  return answer.citations.flatMap((citation) =>
    citation.annotations.map((range) =>
      ({ start: range.start_index, end: range.end_index, number: citation.number })));
}

/** Returns an answer's text up to `to`: quotes as they are, `[1]` outside of them as buttons. */
function words(answer, to) {
  const numbers = new Map(answer.citations.map((citation) => [citation.number, citation]));
  const ranges = placed(answer.answer, quotedRanges(answer));
  const short = answer.short_answer && oneLine(answer.short_answer);
  const holder = short && answer.citations.find((one) => oneLine(one.cited_text).includes(short));
  return cut(answer.answer, ranges, 0, to).map((piece) => {
    if (piece.ranges.length === 0) return withMarkers(piece.text, numbers, answer);
    const citation = numbers.get(piece.ranges[0].number);
    return h("q", {}, quoted(piece.text, citation, citation === holder ? short : ""));
  });
}

/** Returns a text with its line ends as blanks, as the answer has it. */
function oneLine(text) {
  return text.replaceAll("\n", " ");
}

function withMarkers(text, numbers, answer) {
  return text.split(MARKER).map((part, n) => {
    if (n % 2 === 0) return part;
    const citation = numbers.get(Number(part));
    return citation ? marker(citation, answer) : `[${part}]`;
  });
}

/** Returns what is read out of an answer once it is there. */
export function spoken(answer) {
  const found = count(answer.citations.length, "source");
  return answer.status === "answered"
    ? `Answered, with ${found}. ${answer.answer}`
    : `Not answered. ${answer.answer} ${count(answer.citations.length, "close passage")}.`;
}
