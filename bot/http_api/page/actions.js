// What can be done with an answer: copy it, share it, say what one thinks of it.

import { Refusal, call } from "./api.js";
import { button, fill, h, say } from "./dom.js";
import { toMarkdown } from "./markdown.js";

const DONE_MS = 2000;
const REASONS = ["Wrong", "Incomplete", "Out of date", "Beside the point"];
const MOST = 2000;

export const answerPath = (id) => `v1/answers/${encodeURIComponent(id)}`;
const answerLink = (id) => new URL(`#/answers/${encodeURIComponent(id)}`, document.baseURI).href;

/** Returns the row of actions, and room below it for what they ask. */
export function actions(answer) {
  const below = h("div", { class: "below" });
  const row = h(
    "div", { class: "actions", role: "group", "aria-label": "This answer" },
    button("Copy", (event) => copy(toMarkdown(answer), event.currentTarget, below)),
    button("Share", (event) => share(answer, event.currentTarget, below)),
    rating(answer, below),
  );
  return [row, below];
}

/** Copies a text; where the browser forbids that, shows it to be copied by hand. */
async function copy(text, pressed, below) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = h("textarea", { readonly: true, rows: "4", "aria-label": "To be copied" });
    field.value = text;
    fill(below, h("p", { class: "quiet" }, "The browser lets no page copy here. Select and copy:"), field);
    field.select();
    return;
  }
  fill(below);
  done(pressed, "Copied");
}

function done(pressed, text) {
  const label = pressed.dataset.label ?? pressed.textContent;
  pressed.dataset.label = label;
  pressed.textContent = text;
  say(text);
  setTimeout(() => { pressed.textContent = label; }, DONE_MS);
}

/** Copies the answer's link, if the server keeps the answer. */
async function share(answer, pressed, below) {
  try {
    await call(answerPath(answer.id));
  } catch (error) {
    const gone = error instanceof Refusal && (error.status === 404 || error.status === 410);
    tell(below, gone ? "The server doesn’t keep this answer, so there is no link to it."
      : "Whether the server keeps this answer can’t be seen now. Try again in a moment.");
    return;
  }
  await copy(answerLink(answer.id), pressed, below);
}

function tell(below, text) {
  fill(below, h("p", { class: "quiet" }, text));
  say(text);
}

function rating(answer, below) {
  const up = button("Helpful", () => rate("up"), { "aria-pressed": "false" });
  const down = button("Not helpful", () => rate("down"), { "aria-pressed": "false" });
  const send = (record) => call(`${answerPath(answer.id)}/feedback`, { body: record });
  const rate = async (word) => {
    try {
      await send({ rating: word });
    } catch (error) {
      tell(below, refused(error));
      return;
    }
    up.setAttribute("aria-pressed", String(word === "up"));
    down.setAttribute("aria-pressed", String(word === "down"));
    if (word === "up") tell(below, "Thank you.");
    else fill(below, reasons(send, below)).scrollIntoView({ block: "nearest" });
  };
  return [up, down];
}

function refused(error) {
  const gone = error instanceof Refusal && (error.status === 404 || error.status === 410);
  return gone ? "The server doesn’t keep this answer any more, nor what you think of it."
    : "That could not be sent. Try again in a moment.";
}

function reasons(send, below) {
  const comment = h("textarea", { rows: "2", maxlength: String(MOST), name: "comment" });
  const submit = async (event) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason");
    try {
      await send({ rating: "down", reason, comment: comment.value.trim() || null });
    } catch (error) {
      tell(below, refused(error));
      return;
    }
    tell(below, "Thank you. It is kept for whoever runs this server.");
  };
  const form = h(
    "form", { class: "reasons", onsubmit: submit },
    h("fieldset", {}, h("legend", {}, "What was wrong with it?"), REASONS.map((reason) =>
      h("label", { class: "check" }, h("input", { type: "radio", name: "reason", value: reason }),
        h("span", {}, reason)))),
    h("label", {}, h("span", {}, "Anything else"), comment),
    h("button", { type: "submit", class: "main" }, "Send"),
  );
  say("Noted. What was wrong with it?");
  return form;
}
