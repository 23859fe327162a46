// What is shown when something is missing: what happened, and what can be done about it.

import { Refusal, Unreachable } from "./api.js";
import { button, h } from "./dom.js";
import { keyForm } from "./key.js";

const code = (text) => h("code", {}, text);

const PLAIN = {
  no_index: () => [
    "There are no articles yet",
    ["Whoever runs this server can add some: ", code("citewire index FOLDER"), ", or ",
      code("citewire index"), " for the bundled ones."],
  ],
  index_unusable: () => [
    "The index can’t be read",
    ["Whoever runs this server can see why: ", code("citewire doctor"), "."],
  ],
  storage_unusable: () => ["Nothing can be looked up now", ["The server’s storage can’t be read."]],
  deadline_exceeded: () => [
    "That took too long", ["The server gave up on it. A shorter question may do."],
  ],
  overloaded: () => ["The server is busy", ["Many questions came at once."]],
  stopping: () => ["The server is stopping", ["It may be back in a moment."]],
  answer_not_found: () => [
    "This answer isn’t kept any more",
    ["Answers are kept for a while, 30 days as a rule. The question can be asked again."],
  ],
  answer_withdrawn: () => [
    "This answer was withdrawn", ["An article that it quotes was taken out of the collection."],
  ],
  document_not_found: () => [
    "This article was withdrawn", ["It is no longer in the collection, and can’t be shown."],
  ],
  revision_not_found: () => [
    "The article has changed",
    ["It reads otherwise now than when it was quoted, so the quote can’t be marked in it."],
  ],
  unknown_host: () => ["This server has another name", ["Ask whoever runs it for its address."]],
};

/** Returns what tells of an error, with a way on: `retry` is called for another attempt. */
export function problem(error, retry, { extra = null, level = "h3" } = {}) {
  const [title, text, action] = explained(error, retry);
  return h(
    "div", { class: "state", role: "group", "aria-label": title },
    h(level, {}, title), text.length > 0 && h("p", {}, text), action, extra,
    error instanceof Refusal && ours(error) && !PLAIN[error.code] && error.request &&
      h("p", { class: "quiet small" }, `Request ${error.request}`),
  );
}

const ours = ({ status }) => status >= 500 || status === 0; // 0: told in the stream

function explained(error, retry) {
  const again = retry && button("Try again", retry, { class: "main" });
  if (error instanceof Unreachable) {
    return ["The server can’t be reached",
      ["Is ", code("citewire serve"), " still running, and the network up?"], again];
  }
  if (!(error instanceof Refusal)) throw error;
  if (error.status === 401) return keyState(error, retry);
  if (error.status === 429) {
    return ["That was a lot of questions", ["The server takes only so many a minute."],
      waiting(error.wait ?? 1, retry)];
  }
  const known = PLAIN[error.code];
  if (known) {
    const gone = error.status === 404 || error.status === 410;
    const action = gone ? null : error.wait > 1 ? waiting(error.wait, retry) : again;
    return [...known(), action];
  }
  const title = ours(error) ? "Something went wrong on the server" : "The server can’t take that";
  return [title, [error.message], again];
}

function keyState(error, retry) {
  const wrong = error.code === "key_invalid";
  return [
    wrong ? "That key isn’t known" : "This server asks for a key",
    [wrong ? "It may have been revoked, or mistyped. "
      : "Ask whoever runs it for one. ",
      "The key stays in this browser and goes to this server only."],
    keyForm(retry, wrong),
  ];
}

/** Returns a button that counts the seconds down until it may be pressed. */
function waiting(seconds, retry) {
  const label = h("span", { "aria-hidden": "true" });
  const again = button([label, h("span", { class: "unseen" }, "Try again")], retry, {
    class: "main waits", disabled: true,
  });
  const until = Date.now() + 1000 * seconds;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    label.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
    again.disabled = left > 0;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
  return again;
}
