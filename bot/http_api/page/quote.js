// What is inside a quote: the words that answer, and those that the question matches.

import { h } from "./dom.js";
import { cut, placed } from "./text.js";

/**
 * Returns a quote's text in pieces: `short`, where it has it, stands out, matches less so. Spans,
 * not marks: some screen readers say "highlighted" at each mark, and an answer has ten.
 */
export function quoted(text, citation, short = "") {
  const ranges = placed(text, (citation.matches ?? []).map((match) =>
    ({ start: match.start_index, end: match.end_index })));
  const pieces = (from, to) => cut(text, ranges, from, to).map((piece) =>
    piece.ranges.length > 0 ? h("span", { class: "match" }, piece.text) : piece.text);
  const at = short ? text.indexOf(short) : -1;
  if (at < 0) return pieces(0, text.length);
  const end = at + short.length;
  return [pieces(0, at), h("strong", { class: "short" }, short), pieces(end, text.length)];
}
