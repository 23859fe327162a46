// Elements. Text goes in as text nodes, addresses through `safeUrl`: nothing here reads markup.

/** Returns an element; strings among the children become text, null and false are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child);
  }
}

/** Replaces all that an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

export function button(label, onclick, props = {}) {
  return h("button", { type: "button", class: "plain", onclick, ...props }, label);
}

/** Returns the address where it is one of the web, else null: `javascript:` and the like are not. */
export function safeUrl(text) {
  if (typeof text !== "string" || !/^https?:\/\//i.test(text)) return null;
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Returns a link to a page elsewhere, or null where its address is no address of the web. */
export function outside(label, address, props = {}) {
  const href = safeUrl(address);
  if (href === null) return null;
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", ...props }, label);
}

export const byId = (id) => document.getElementById(id);

/** Says something to screen readers, once, when they are done with what they read. */
export function say(text) {
  byId("said").textContent = text;
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
