// What stands below an answer: where it comes from, how many agree, who doesn't, how old it is.

import { button, h, outside } from "./dom.js";
import { openArticle } from "./panel.js";
import { marker } from "./peek.js";
import { quoted } from "./quote.js";
import { ago, byline, count, day, shortDay } from "./text.js";

/** Returns the lines that a careful reader wants, those that apply. */
export function facts(answer) {
  const lines = [
    ...answer.conflicts.map((conflict) => disagreement(conflict, answer)),
    answer.status === "answered" && h("li", {}, `${corroboration(answer)} · ${freshness(answer)}`),
    answer.standalone_question !== answer.question &&
      h("li", {}, "Searched for: ", h("span", { dir: "auto" }, answer.standalone_question)),
    answer.warnings.map((warning) => h("li", {}, warning.message)),
  ].flat(2).filter(Boolean);
  return lines.length > 0 && h("ul", { class: "facts" }, lines);
}

function disagreement(conflict, answer) {
  const sides = conflict.values.map((value, n) => {
    const citation = answer.citations.find(({ id }) => id === conflict.citation_ids[n]);
    if (!citation) return null;
    const newest = conflict.newest === citation.id;
    return h(
      "li", {}, h("strong", { dir: "auto" }, value), " ", marker(citation, answer), " ",
      h("span", { class: "quiet" }, [
        citation.source, citation.published_at && shortDay(citation.published_at), newest && "newest",
      ].filter(Boolean).join(" · ")),
    );
  });
  return h("li", { class: "conflict" }, "The sources disagree", h("ul", {}, sides));
}

function corroboration(answer) {
  const { documents, independent_sources: independent } = answer.corroboration;
  const copies = documents > independent ? `, in ${count(documents, "article")}` : "";
  return count(independent, "independent source") + copies;
}

function freshness(answer) {
  const { newest_published_at: newest, newest_age_days: days } = answer.freshness;
  return newest === null ? "undated" : `newest evidence ${day(newest)}, ${ago(days)}`;
}

/** Returns the articles that are quoted, each once, with the numbers of its quotes. */
export function sources(answer) {
  const groups = new Map();
  for (const citation of answer.citations) {
    groups.set(citation.document_id, [...(groups.get(citation.document_id) ?? []), citation]);
  }
  return h(
    "section", { class: "sources" }, h("h3", {}, "Sources"),
    h("ol", { role: "list" }, [...groups.values()].map((group) => source(group, answer))),
  );
}

function source(group, answer) {
  const [first] = group;
  return h(
    "li", {},
    h("span", { class: "numbers" }, group.map((citation) => marker(citation, answer))),
    h("div", {}, title(first, answer), under(first), copiesOf(first, answer)),
  );
}

function title(citation, answer) {
  return button(citation.document_title || citation.document_id,
    () => openArticle(citation, answer), { class: "title", dir: "auto" });
}

function under(citation) {
  const elsewhere = outside("Original", citation.fragment_url ?? citation.url, { class: "out" });
  return h("p", { class: "quiet" }, byline(citation), byline(citation) && elsewhere && " · ", elsewhere);
}

/** Returns who else carries the story: copies, which count as one source. */
function copiesOf(citation, answer) {
  const own = answer.documents.find(({ id }) => id === citation.document_id);
  const copies = answer.documents.filter(
    ({ id, cluster_id: cluster }) => own && id !== own.id && cluster === own.cluster_id);
  if (copies.length === 0) return null;
  return h(
    "p", { class: "quiet" }, "Also carried by ",
    copies.map((copy, n) => [
      n > 0 && ", ",
      button(copy.source || copy.title || copy.id, () =>
        openArticle({ document_id: copy.id, revision: copy.revision, document_title: copy.title,
          source: copy.source, published_at: copy.published_at, url: copy.url }), { class: "link" }),
    ]),
  );
}

/** Returns the closest passages of an abstention. */
export function quotes(answer) {
  if (answer.citations.length === 0) return null;
  return h(
    "section", { class: "closest" }, h("h3", {}, "The closest passages"),
    h("ol", { role: "list" }, answer.citations.map((citation) => h(
      "li", {},
      h("blockquote", { dir: "auto" }, quoted(citation.cited_text, citation), " ", marker(citation, answer)),
      title(citation, answer), under(citation),
    ))),
  );
}
