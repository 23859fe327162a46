// The article beside its answer, scrolled to what is quoted of it.

import { readDocument } from "./api.js";
import { button, byId, fill, h, outside } from "./dom.js";
import { problem } from "./states.js";
import { byline, cut, lines, placed } from "./text.js";

const MODAL = "(max-width: 999px)";
const MOST_HEADING = 90;
let opener = null;
let onClosed = null;
let reading = 0;

/**
 * Opens the article of a citation, marked where `answer` quotes it, or, without an answer, an
 * article as it is. `closed` is called when it is closed.
 */
export async function openArticle(citation, answer = null, closed = null) {
  const panel = byId("panel");
  if (!panel.contains(document.activeElement)) opener = document.activeElement;
  onClosed = closed;
  const mine = ++reading;
  const body = h("div", { class: "text", tabindex: "0", role: "region", "aria-label": "Article" });
  fill(panel, head(citation, citation), body);
  reveal(panel);
  fill(body, h("div", { class: "bones", "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i")));
  try {
    const article = await readDocument(citation.document_id, citation.revision);
    if (mine !== reading) return;
    panel.replaceChild(head(article, citation), panel.firstChild);
    show(body, article, marksOf(citation, answer));
    focusTitle(panel);
  } catch (error) {
    if (mine !== reading) return;
    fill(body, failed(error, citation, answer, closed));
  }
}

function failed(error, citation, answer, closed) {
  const changed = error.code === "revision_not_found";
  const now = () => openArticle({ ...citation, revision: null, start_char_index: null }, null, closed);
  return problem(error, () => openArticle(citation, answer, closed), {
    extra: changed && button("Read it as it is now", now, { class: "main" }),
  });
}

function head(article, citation) {
  const title = article.title ?? citation.document_title;
  const marked = citation.start_char_index != null && citation.fragment_url;
  return h(
    "div", { class: "panel-head" },
    h("div", {},
      h("h2", { id: "panel-title", tabindex: "-1", dir: "auto" }, title || citation.document_id),
      h("p", { class: "quiet" }, byline(article)),
      outside(marked ? "Read it at the source, at the quote" : "Read it at the source",
        marked || (article.url ?? citation.url), { class: "out" })),
    button("Close", close, { class: "plain close" }),
  );
}

/** Returns what is marked: all that the answer quotes of the article; `active` is scrolled to. */
function marksOf(citation, answer) {
  if (citation.start_char_index == null) return [];
  const quoted = answer ? answer.citations : [citation];
  return quoted
    .filter(({ document_id: id, revision }) =>
      id === citation.document_id && revision === citation.revision)
    .map((one) => ({
      start: one.start_char_index, end: one.end_char_index, number: one.number,
      active: one.number === citation.number,
    }));
}

function show(body, article, marks) {
  const ranges = placed(article.text, marks);
  fill(body, lines(article.text).map((line) => {
    const pieces = cut(article.text, ranges, line.from, line.to);
    const text = article.text.slice(line.from, line.to);
    return h("p", { dir: "auto", class: isHeading(text) ? "heading" : null },
      pieces.map((piece) => piece.ranges.length > 0 ? mark(piece) : piece.text));
  }));
  if (article.language) body.setAttribute("lang", article.language);
  const active = body.querySelector("mark[data-active]");
  body.scrollTop = active ? active.offsetTop - body.clientHeight / 3 : 0;
}

function mark(piece) {
  const active = piece.ranges.some((range) => range.active);
  const numbers = piece.ranges.map((range) => range.number).join(", ");
  return h("mark", { "data-number": numbers, "data-active": active }, piece.text);
}

/** Tells whether a line looks like a heading; it only decides on its weight. */
function isHeading(line) {
  return line.length < MOST_HEADING && /^["“‘]?[\p{Lu}\p{N}]/u.test(line) && !/[.!?…,;:"”’)\]]\s*$/.test(line);
}

function reveal(panel) {
  const modal = matchMedia(MODAL).matches;
  if (!panel.open) {
    if (modal) panel.showModal();
    else panel.show();
    document.body.toggleAttribute("data-panel", !modal);
  }
  focusTitle(panel);
}

function focusTitle(panel) {
  panel.querySelector("#panel-title").focus({ preventScroll: true });
}

/** Closes the panel; the focus, where it was in there, goes back to what opened it. */
export function close() {
  const panel = byId("panel");
  if (!panel.open) return;
  const inside = panel.contains(document.activeElement);
  const told = onClosed;
  onClosed = null;
  reading += 1;
  panel.close();
  fill(panel);
  document.body.removeAttribute("data-panel");
  if (inside && opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
  told?.();
}

export function watchPanel() {
  const panel = byId("panel");
  panel.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.open && !event.defaultPrevented) {
      event.preventDefault();
      close();
    }
  });
  // A phone turned on its side, or a window made wider: what is around it works again.
  matchMedia(MODAL).addEventListener("change", close);
}
