// What was asked in this browser: questions and ids of answers, kept here and nowhere else.
// Not the answers themselves: what is withdrawn from the collection must be gone here too.

import { button, byId, fill, h, say } from "./dom.js";
import { forgetKey, hasKey, stored } from "./key.js";
import { shortDay } from "./text.js";

const NAME = "citewire.history";
const MOST = 50;

/** Returns the questions asked here, the last one first: `{id, question, status, at}`. */
export function remembered() {
  const found = stored(() => JSON.parse(localStorage.getItem(NAME) ?? "[]"), []);
  const whole = (one) => typeof one?.id === "string" && typeof one.question === "string";
  return Array.isArray(found) ? found.filter(whole).slice(0, MOST) : [];
}

export function remember({ id, question, status, created_at: at }) {
  const others = remembered().filter((one) => one.id !== id);
  keep([{ id, question, status, at }, ...others].slice(0, MOST));
}

function keep(list) {
  stored(() => localStorage.setItem(NAME, JSON.stringify(list)));
}

export function showHistory() {
  const list = remembered();
  fill(
    byId("history"),
    h("div", { class: "heading" },
      h("h1", { id: "history-title", tabindex: "-1" }, "History"),
      list.length > 0 && button("Clear it all", () => {
        stored(() => localStorage.removeItem(NAME));
        showHistory();
        byId("history-title").focus();
        say("Cleared");
      })),
    h("p", { class: "quiet" }, `The last ${MOST} questions, in this browser only.`),
    list.length === 0 ? h("p", {}, "Nothing was asked here yet.")
      : h("ul", { class: "rows" }, list.map(row)),
    hasKey() && h("p", { class: "kept" }, "An API key is kept in this browser. ",
      button("Forget it", () => {
        forgetKey();
        showHistory();
        byId("history-title").focus();
        say("Forgotten");
      })),
  );
}

function row({ id, question, status, at }) {
  const when = Number.isFinite(at) ? shortDay(1000 * at) : "";
  const how = status === "abstained" ? "not answered" : "";
  return h("li", {},
    h("a", { class: "title", dir: "auto", href: `#/answers/${encodeURIComponent(id)}` }, question),
    h("p", { class: "quiet" }, [when, how].filter(Boolean).join(" · ")));
}
