// Which view is shown: the part of the address after `#`, which no server sees.

import { showArticles } from "./articles.js";
import { showAsk, startAsk } from "./ask.js";
import { byId } from "./dom.js";
import { showHistory } from "./history.js";
import { close, watchPanel } from "./panel.js";
import { hide, watchPeek } from "./peek.js";

const TITLES = { articles: "Articles · Citewire", history: "History · Citewire" };

function show(view) {
  hide();
  document.body.dataset.view = view;
  for (const section of document.querySelectorAll(".view")) section.hidden = section.id !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.for === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view !== "ask") document.title = TITLES[view];
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % that somebody typed
  }
}

function route({ first = false } = {}) {
  const [, view, rest] = location.hash.match(/^#\/([a-z]*)(?:\/(.*))?$/s) ?? [];
  const before = document.body.dataset.view;
  const id = rest ? decoded(rest) : null;
  if (view === "articles") {
    show("articles");
    showArticles(id);
  } else if (view === "history") {
    close();
    show("history");
    showHistory();
  } else {
    close();
    show("ask");
    showAsk(view === "answers" ? id : null);
  }
  if (!first && before !== document.body.dataset.view) {
    scrollTo(0, 0);
    byId(`${document.body.dataset.view}-title`)?.focus({ preventScroll: true });
  }
}

watchPeek();
watchPanel();
startAsk();
addEventListener("hashchange", () => route());
route({ first: true });
