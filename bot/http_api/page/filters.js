// Which articles count: by outlet and by date.

import { button, fill, h } from "./dom.js";
import { count, shortDay } from "./text.js";

const MANY = 12;
const DAY_MS = 24 * 3600 * 1000;

export class Filters {
  /** Draws into `box` what can be chosen and into `chips` what was; `opener` shows the box. */
  constructor(opener, box, chips) {
    Object.assign(this, { opener, box, chips, sources: new Set(), after: "", before: "" });
    opener.addEventListener("click", () => this.toggle(this.box.hidden));
  }

  toggle(open) {
    this.box.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    if (open) this.box.querySelector("input")?.focus({ preventScroll: true });
  }

  /** Offers the outlets and dates that a collection has. */
  offer(collection) {
    const dated = collection.oldest_published_at !== null;
    fill(
      this.box,
      dated && h("fieldset", { class: "dates" }, h("legend", {}, "Published"),
        this.date("after", "From", collection), this.date("before", "To", collection)),
      collection.sources.length > 0 && this.outlets(collection),
      !dated && collection.sources.length === 0 &&
        h("p", { class: "quiet" }, "The articles have neither dates nor outlets to choose by."),
      button("Done", () => { this.toggle(false); this.opener.focus(); }),
    );
  }

  date(name, label, { oldest_published_at: oldest, newest_published_at: newest }) {
    const input = h("input", {
      type: "date", min: oldest.slice(0, 10), max: newest.slice(0, 10), name,
      onchange: () => { this[name] = input.value; this.draw(); },
    });
    input.value = this[name];
    this[`${name}Input`] = input;
    return h("label", {}, h("span", {}, label), input);
  }

  outlets({ sources, sources_total: total }) {
    const options = sources.map(({ name, documents }) => {
      const box = h("input", {
        type: "checkbox", value: name,
        onchange: () => { this.sources[box.checked ? "add" : "delete"](name); this.draw(); },
      });
      box.checked = this.sources.has(name);
      return h("label", { class: "check" }, box,
        h("span", { dir: "auto" }, name, " ", h("span", { class: "quiet" }, String(documents))));
    });
    const list = h("div", { class: "outlets" }, options);
    return h(
      "fieldset", {}, h("legend", {}, "Outlets"),
      options.length > MANY && this.narrow(options), list,
      total > sources.length &&
        h("p", { class: "quiet small" }, `The ${sources.length} with most articles, of ${total}.`),
    );
  }

  narrow(options) {
    const input = h("input", {
      type: "search", "aria-label": "Find an outlet", placeholder: "Find an outlet",
      oninput: () => {
        const wanted = input.value.trim().toLowerCase();
        for (const option of options) {
          option.hidden = !option.textContent.toLowerCase().includes(wanted);
        }
      },
    });
    return input;
  }

  /** Shows what is chosen, each with a way to drop it. */
  draw() {
    const chosen = [
      this.after && [`From ${shortDay(this.after)}`, () => this.set("after", "")],
      this.before && [`To ${shortDay(this.before)}`, () => this.set("before", "")],
      ...[...this.sources].map((name) => [name, () => this.drop(name)]),
    ].filter(Boolean);
    this.chips.hidden = chosen.length === 0;
    fill(this.chips, h("span", { class: "quiet small" }, "Only"), chosen.map(([label, drop]) =>
      button([label, h("span", { "aria-hidden": "true" }, " ×")], drop,
        { class: "chip", "aria-label": `${label}, drop this filter` })));
    this.opener.textContent = chosen.length > 0 ? `Filters (${count(chosen.length, "set", "set")})` : "Filters";
  }

  set(name, value) {
    this[name] = value;
    if (this[`${name}Input`]) this[`${name}Input`].value = value;
    this.draw();
    this.opener.focus();
  }

  drop(name) {
    this.sources.delete(name);
    for (const input of this.box.querySelectorAll("input[type=checkbox]")) {
      if (input.value === name) input.checked = false;
    }
    this.draw();
    this.opener.focus();
  }

  clear() {
    for (const name of [...this.sources]) this.drop(name);
    this.set("after", "");
    this.set("before", "");
  }

  /** Returns them as the server takes them, null where nothing is chosen. */
  value() {
    const found = {};
    if (this.after) found.published_after = this.after;
    if (this.before) found.published_before = nextDay(this.before); // the server's end is exclusive
    if (this.sources.size > 0) found.sources = [...this.sources];
    return Object.keys(found).length > 0 ? found : null;
  }
}

function nextDay(day) {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
}
