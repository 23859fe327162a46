// The articles: search, sort, read.

import { call, collection } from "./api.js";
import { button, byId, fill, h, say } from "./dom.js";
import { close, openArticle } from "./panel.js";
import { problem } from "./states.js";
import { byline, count } from "./text.js";

const PAGE = 30;
const FOUND = 50;
const TYPING_MS = 250;
const MOST_SNIPPET = 180;
const ORDERS = [["newest", "Newest first"], ["oldest", "Oldest first"], ["title", "By title"]];

let drawn = false;
let asked = 0;
let typing = 0;

/** Shows the view, and the article `id` beside it, where one is named. */
export function showArticles(id) {
  if (!drawn) draw();
  if (id !== null) {
    openArticle({ document_id: id, document_title: "" }, null, () => {
      if (location.hash.startsWith("#/articles/")) history.pushState(null, "", "#/articles");
    });
  } else close();
}

function draw() {
  drawn = true;
  const search = h("input", {
    type: "search", id: "articles-query", placeholder: "Search the articles", maxlength: "2000",
    oninput: () => { clearTimeout(typing); typing = setTimeout(list, TYPING_MS); },
  });
  const order = h("select", { id: "articles-order", onchange: list },
    ORDERS.map(([value, label]) => h("option", { value }, label)));
  const source = h("select", { id: "articles-source", onchange: list },
    h("option", { value: "" }, "All outlets"));
  fill(
    byId("articles"),
    h("h1", { id: "articles-title", tabindex: "-1" }, "Articles"),
    h("form", { class: "finder", role: "search", onsubmit: (event) => { event.preventDefault(); list(); } },
      h("label", { class: "grow" }, h("span", { class: "unseen" }, "Search"), search),
      h("label", {}, h("span", { class: "unseen" }, "Order"), order),
      h("label", {}, h("span", { class: "unseen" }, "Outlet"), source)),
    h("p", { class: "quiet", id: "articles-count", role: "status" }),
    h("ul", { class: "rows", id: "articles-list" }),
    h("div", { id: "articles-more" }),
  );
  outlets(source);
  list();
}

async function outlets(select) {
  try {
    const { sources } = await collection();
    select.parentElement.hidden = sources.length === 0;
    select.append(...sources.map(({ name, documents }) =>
      h("option", { value: name }, `${name} (${documents})`)));
  } catch {
    select.parentElement.hidden = true; // the list below says what is wrong
  }
}

async function list() {
  clearTimeout(typing);
  const mine = ++asked;
  const query = byId("articles-query").value.trim();
  byId("articles-order").disabled = Boolean(query); // what is found comes best first
  try {
    if (query) await found(query, mine);
    else await page("", mine);
  } catch (error) {
    if (mine !== asked) return;
    byId("articles-count").textContent = "";
    fill(byId("articles-list"));
    fill(byId("articles-more"), problem(error, list, { level: "h2" }));
  }
}

async function found(query, mine) {
  const source = byId("articles-source").value;
  const body = { query, k: FOUND, by: "document", ...(source && { filters: { sources: [source] } }) };
  const { hits } = await call("v1/search", { body });
  if (mine !== asked) return;
  const most = hits.length === FOUND ? `The ${FOUND} best matches` : `${count(hits.length, "article")}, best first`;
  byId("articles-count").textContent = hits.length > 0 ? most : "No article matches.";
  fill(byId("articles-more"), hits.length === 0 && source && button("Search all outlets", () => {
    byId("articles-source").value = "";
    list();
  }));
  fill(byId("articles-list"), hits.map((hit) =>
    row({ ...hit, id: hit.document_id, title: hit.document_title }, snippet(hit.text))));
}

function snippet(text) {
  const line = text.replace(/\s+/g, " ");
  if (line.length <= MOST_SNIPPET) return line;
  return `${line.slice(0, line.lastIndexOf(" ", MOST_SNIPPET))} …`;
}

async function page(after, mine) {
  const wanted = new URLSearchParams({ order: byId("articles-order").value, limit: PAGE });
  if (after) wanted.set("after", after);
  if (byId("articles-source").value) wanted.set("source", byId("articles-source").value);
  const { data, next, total } = await call(`v1/documents?${wanted}`);
  if (mine !== asked) return;
  byId("articles-count").textContent = count(total, "article");
  const rows = data.map((one) => row(one));
  if (after) byId("articles-list").append(...rows);
  else fill(byId("articles-list"), rows);
  fill(byId("articles-more"), next !== null && button("More articles", (event) => {
    event.currentTarget.disabled = true;
    more(next, mine);
  }));
  if (after) {
    rows[0]?.querySelector("a").focus();
    say(`${rows.length} more`);
  }
}

async function more(next, mine) {
  try {
    await page(next, mine);
  } catch (error) {
    fill(byId("articles-more"), problem(error, list, { level: "h2" }));
  }
}

function row(article, text = "") {
  return h("li", {},
    h("a", { class: "title", dir: "auto", href: `#/articles/${encodeURIComponent(article.id)}` },
      article.title || article.id),
    text && h("p", { class: "snippet", dir: "auto" }, text),
    h("p", { class: "quiet" }, byline(article)));
}
