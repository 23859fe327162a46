// The API key, where the server asks for one: in this browser's storage, sent in a header only.

import { button, h } from "./dom.js";

const NAME = "citewire.key";

/** Runs what uses storage; browsers that forbid it throw. */
export function stored(action, otherwise = null) {
  try {
    return action();
  } catch {
    return otherwise;
  }
}

let held = stored(() => localStorage.getItem(NAME) ?? sessionStorage.getItem(NAME));

export const keyHeader = () => (held ? { Authorization: `Bearer ${held}` } : {});
export const hasKey = () => Boolean(held);

export function forgetKey() {
  held = null;
  stored(() => localStorage.removeItem(NAME));
  stored(() => sessionStorage.removeItem(NAME));
}

function keep(key, forGood) {
  forgetKey();
  held = key;
  stored(() => (forGood ? localStorage : sessionStorage).setItem(NAME, key));
}

/** Returns a form that asks for a key, and calls `done` when there is one. */
export function keyForm(done, wrong) {
  const input = h("input", {
    type: "password", name: "key", required: true, autocomplete: "off", spellcheck: "false",
    "aria-invalid": wrong ? "true" : null,
  });
  const always = h("input", { type: "checkbox", name: "always" });
  const submit = (event) => {
    event.preventDefault();
    // Header values are Latin-1: what has anything else is no key.
    const key = input.value.trim().replace(/[^\x21-\x7e]/g, "");
    if (!key) return;
    keep(key, always.checked);
    done();
  };
  return h(
    "form", { class: "key", onsubmit: submit },
    h("label", {}, h("span", {}, "API key"), input),
    h("label", { class: "check" }, always, h("span", {}, "Remember it in this browser")),
    h("button", { type: "submit", class: "main" }, "Use this key"),
    wrong && hasKey() && button("Forget the key", () => { forgetKey(); done(); }),
  );
}
