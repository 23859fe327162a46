// An answer as Markdown, with its citations.

import { safeUrl } from "./dom.js";
import { percent } from "./text.js";

/** Returns text in which nothing is taken for Markdown or HTML. */
function escaped(text) {
  return text
    .replace(/[\\`*_{}[\]<>|~$&]/g, "\\$&")
    .replace(/\s+/g, " ")
    .replace(/^(\s*)(#|[-+]|\d+[.)])/, "$1\\$2");
}

function address(url) {
  const safe = safeUrl(url);
  return safe && safe.replace(/[<>\s()]/g, (found) => encodeURIComponent(found).replace("(", "%28").replace(")", "%29"));
}

function reference(citation) {
  const url = address(citation.fragment_url ?? citation.url);
  const title = escaped(citation.document_title || citation.document_id);
  const named = url ? `[${title}](${url})` : title;
  const rest = [citation.source, citation.author, citation.published_at?.slice(0, 10)];
  const tail = rest.filter(Boolean).map(escaped).join(", ");
  return `${citation.number}. ${named}${tail ? `, ${tail}` : ""}: “${escaped(citation.cited_text)}”`;
}

/** Returns the question, the answer and its numbered quotes. */
export function toMarkdown(answer) {
  // The numbers stay as they are: `\[1\]` would be shown the same, and be harder to read.
  const text = escaped(answer.answer).replace(/\\\[(\d{1,2})\\\]/g, "[$1]");
  const { independent_sources: independent } = answer.corroboration;
  const told = answer.status === "answered"
    ? `${independent} independent ${independent === 1 ? "source" : "sources"}, ${percent(answer.confidence.score)} sure.`
    : "Not answered: these are the closest passages.";
  return [
    `**${escaped(answer.question)}**`, text, answer.citations.map(reference).join("\n"),
    `Citewire, ${new Date(1000 * answer.created_at).toISOString().slice(0, 10)}: ${told}`,
  ].filter(Boolean).join("\n\n").concat("\n");
}
