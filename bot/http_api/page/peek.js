// A number of a citation, and what it shows: the passage, with the evidence marked.

import { readDocument } from "./api.js";
import { button, byId, fill, h } from "./dom.js";
import { openArticle } from "./panel.js";
import { around, byline, placed } from "./text.js";

const AROUND = 220;
const LEAVE_MS = 180;
const GAP = 8;
let shown = null;
let leaving = 0;

/** Returns the button of a citation's number. A finger sees the passage first, a click opens it. */
export function marker(citation, answer) {
  let touched = false;
  const element = button(String(citation.number), () => {
    if (touched && shown !== element) show(element, citation, answer, true);
    else open(citation, answer);
  }, {
    class: "number", "aria-haspopup": "dialog",
    "aria-label": `Source ${citation.number}: ${citation.document_title}`,
    onpointerdown: (event) => { touched = event.pointerType !== "mouse"; },
    onpointerenter: (event) => event.pointerType === "mouse" && show(element, citation, answer),
    onpointerleave: (event) => event.pointerType === "mouse" && leave(),
    onfocus: () => element.matches(":focus-visible") && show(element, citation, answer),
    onblur: () => touched || leave(), // a finger on the passage takes the focus from here
  });
  return element;
}

function open(citation, answer) {
  hide();
  openArticle(citation, answer);
}

function show(anchor, citation, answer, touch = false) {
  clearTimeout(leaving);
  if (shown === anchor) return;
  hide();
  shown = anchor;
  anchor.setAttribute("aria-describedby", "peek");
  const draw = (text) => {
    draws(citation, text, touch && (() => open(citation, answer)));
    place(anchor);
  };
  draw(null);
  readDocument(citation.document_id, citation.revision).then(
    ({ text }) => shown === anchor && draw(text),
    () => {}, // the panel says what is wrong, when it is opened
  );
}

function draws(citation, text, onopen) {
  let before = "";
  let after = "";
  if (text !== null) {
    const range = { start: citation.start_char_index, end: citation.end_char_index };
    const [{ from, to }] = placed(text, [range]);
    ({ before, after } = around(text, from, to, AROUND));
  }
  fill(
    byId("peek"),
    h("p", { class: "peek-title", dir: "auto" }, citation.document_title),
    h("p", { class: "quiet" }, byline(citation)),
    h("blockquote", { dir: "auto" }, before, h("mark", {}, citation.cited_text), after),
    onopen ? button("Open the article", onopen, { class: "main" })
      : h("p", { class: "quiet small" }, "Click to read it in the article"),
  );
}

/** Puts it below its number, or above where there is no room, inside the window. */
function place(anchor) {
  const peek = byId("peek");
  if (!peek.matches(":popover-open")) peek.showPopover();
  const at = anchor.getBoundingClientRect();
  const size = peek.getBoundingClientRect();
  const left = Math.min(Math.max(GAP, at.left - 24), innerWidth - size.width - GAP);
  const below = at.bottom + GAP;
  const above = at.top - size.height - GAP;
  const fits = below + size.height < innerHeight - GAP || above < GAP;
  peek.style.left = `${Math.max(GAP, left)}px`;
  peek.style.top = `${Math.max(GAP, fits ? Math.min(below, innerHeight - size.height - GAP) : above)}px`;
}

function leave() {
  clearTimeout(leaving);
  leaving = setTimeout(hide, LEAVE_MS);
}

/** Takes it away; tells whether it was there. */
export function hide() {
  clearTimeout(leaving);
  if (!shown) return false;
  shown.removeAttribute("aria-describedby");
  shown = null;
  byId("peek").hidePopover();
  return true;
}

/** Makes the pointer's way onto the passage, a tap elsewhere, scrolling and Esc do what they should. */
export function watchPeek() {
  const peek = byId("peek");
  peek.addEventListener("pointerenter", () => clearTimeout(leaving));
  peek.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && leave());
  addEventListener("scroll", hide, { passive: true });
  addEventListener("resize", hide);
  document.addEventListener("pointerdown", (event) => {
    if (shown && !peek.contains(event.target) && !shown.contains(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && hide()) event.stopPropagation();
  }, { capture: true });
}
