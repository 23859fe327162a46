// The chat: a question box, and the questions of one conversation with their answers.

import { answerPath } from "./actions.js";
import { Refusal, ask, call, collection, readDocument } from "./api.js";
import { button, byId, calm, fill, h, say } from "./dom.js";
import { Filters } from "./filters.js";
import { remember, remembered } from "./history.js";
import { close, openArticle } from "./panel.js";
import { problem } from "./states.js";
import { count, day } from "./text.js";
import { Turn, spoken } from "./turn.js";

const MOST_CHARS = 2000;
const NEAR_MOST = 200;
const MOST_TURNS = 40;
const NEW = "new";

let thread = begin();
let running = null;
let filters = null;

/**
 * The server keeps a conversation under an id; where it doesn't, its `turns` go along. `saved` is
 * the id of the saved answer that is shown, until something is asked after it.
 */
function begin() {
  return { id: NEW, turns: [], stateless: false, saved: null, title: "Citewire" };
}

export function startAsk() {
  filters = new Filters(byId("filters-open"), byId("filters"), byId("chips"));
  byId("composer").addEventListener("submit", submit);
  const box = byId("question");
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!running) byId("composer").requestSubmit();
  });
  box.addEventListener("input", grow);
  byId("fresh").addEventListener("click", () => {
    location.hash = "#/";
    restart();
    box.focus();
  });
  introduce();
}

function grow() {
  const box = byId("question");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
  const left = MOST_CHARS - box.value.length;
  byId("left").textContent = left <= NEAR_MOST ? `${left} left` : "";
}

/** Shows what can be asked about, or why nothing can. */
async function introduce(anew = false) {
  const [coverage, examples] = [byId("coverage"), byId("examples")];
  if (!examples.hasChildNodes()) {
    fill(examples, h("div", { class: "bones", "aria-hidden": "true" }, h("i"), h("i"), h("i")));
  }
  try {
    const found = await collection({ anew });
    coverage.textContent = `${covers(found)}. Every answer is quoted word for word, with its source.`;
    if (found.documents === 0) {
      const empty = new Refusal(503, { code: "no_index" }, null);
      fill(examples, problem(empty, () => introduce(true), { level: "h2" }));
      return;
    }
    filters.offer(found);
    fill(examples, found.examples.length > 0 ? tryThese(found.examples) : await newest());
  } catch (error) {
    coverage.textContent = "";
    fill(examples, problem(error, () => introduce(true), { level: "h2" }));
  }
}

function tryThese(questions) {
  return [
    h("h2", {}, "For example"),
    h("ul", {}, questions.map((text) =>
      h("li", {}, button(text, () => put(text), { class: "example" })))),
  ];
}

async function newest() {
  const { data } = await call("v1/documents?order=newest&limit=3");
  return [
    h("h2", {}, "The newest articles"),
    h("ul", {}, data.map((one) => h("li", {}, button(one.title || one.id,
      () => openArticle({ document_id: one.id, document_title: one.title, ...one }),
      { class: "example", dir: "auto" })))),
  ];
}

/** Returns `16 articles from 6 outlets, 17 October 2024 to 21 August 2026`. */
function covers(found) {
  const { sources_total: outlets, oldest_published_at: first, newest_published_at: last } = found;
  const from = outlets > 0 ? ` from ${count(outlets, "outlet")}` : "";
  const days = first ? [...new Set([day(first), day(last)])] : [];
  const dates = days.length > 0 ? `, ${days.join(" to ")}` : "";
  return count(found.documents, "article") + from + dates;
}

/** Asks a question as if it had been typed. */
function put(text) {
  byId("question").value = text;
  byId("composer").requestSubmit();
}

function submit(event) {
  event.preventDefault();
  if (running) {
    running.abort();
    return;
  }
  const question = byId("question").value.trim();
  if (!question) {
    byId("question").focus();
    return;
  }
  byId("question").value = "";
  filters.toggle(false);
  close();
  if (location.hash.length > 2) history.pushState(null, "", "#/");
  thread.saved = null;
  if (matchMedia("(pointer: coarse)").matches) byId("question").blur(); // its keyboard hides answers
  const turn = new Turn(question);
  show(turn);
  run(turn, filters.value());
}

/** Puts a question at the top of the window, with room below for its answer. */
function show(turn) {
  delete document.body.dataset.empty;
  byId("fresh").hidden = false;
  grow();
  byId("thread").append(turn.element);
  // What is left of the window above the question box: the last question can go to its top.
  const dock = document.querySelector(".dock").offsetHeight;
  byId("thread").style.setProperty("--dock", `${dock}px`);
  entitle(turn.question);
  turn.element.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
}

function entitle(question) {
  thread.title = `${question} · Citewire`;
  document.title = thread.title;
}

async function run(turn, wanted) {
  const mine = thread;
  running?.abort();
  const own = new AbortController();
  const { signal } = own;
  running = own;
  asking(true);
  turn.wait();
  say("Searching");
  try {
    const answer = await asked(mine, turn, wanted, signal);
    finish(turn, answer);
    mine.turns.push(...messages(answer));
    if (answer.conversation_id) mine.id = answer.conversation_id;
    remember(answer);
  } catch (error) {
    turn.fail(signal.aborted ? stopped(turn, wanted) : problem(error, () => run(turn, wanted)));
    say(signal.aborted ? "Stopped" : "Not answered: something is wrong");
  } finally {
    if (running === own) {
      running = null;
      asking(false);
    }
  }
}

/** Asks in the conversation; if the server has forgotten it, with what was said in it. */
async function asked(talk, turn, wanted, signal) {
  const body = { question: turn.question };
  if (wanted) body.filters = wanted;
  const told = (event) => turn.event(event);
  if (!talk.stateless) {
    try {
      return await ask({ ...body, conversation_id: talk.id }, told, signal);
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "conversation_not_found")) throw error;
      talk.stateless = true;
    }
  }
  return ask({ ...body, history: talk.turns.slice(-MOST_TURNS) }, told, signal);
}

function messages(answer) {
  return [
    { role: "user", content: answer.standalone_question },
    { role: "assistant", content: answer.answer },
  ];
}

function finish(turn, answer) {
  const unfilter = () => {
    filters.clear();
    run(turn, null);
  };
  turn.finish(answer, { unfilter: filters.value() && unfilter, coverage });
  say(spoken(answer));
  for (const citation of answer.citations) {
    readDocument(citation.document_id, citation.revision).catch(() => {}); // shown when it is opened
  }
}

/** Returns what the collection covers, where it doesn't answer. */
function coverage(answer) {
  const line = h("p", { class: "quiet covers" });
  collection().then(
    (found) => { line.textContent = `The collection: ${covers(found)}.`; },
    () => { line.textContent = `The collection: ${count(answer.index.documents, "article")}.`; },
  );
  return line;
}

function stopped(turn, wanted) {
  return h("div", { class: "state" }, h("p", {}, "You stopped it."),
    button("Ask again", () => run(turn, wanted), { class: "main" }));
}

function asking(now) {
  const send = byId("send");
  send.textContent = now ? "Stop" : "Ask";
  send.classList.toggle("stop", now);
}

function restart() {
  running?.abort();
  running = null;
  asking(false);
  thread = begin();
  fill(byId("thread"));
  document.body.dataset.empty = "";
  byId("fresh").hidden = true;
  document.title = "Citewire";
  introduce(true);
  scrollTo(0, 0);
}

/** Shows the conversation, or the saved answer `id` in place of another one. */
export function showAsk(id) {
  const question = remembered().find((one) => one.id === id)?.question;
  if (id !== null && id !== thread.saved) openAnswer(id, question);
  else if (id === null && thread.saved !== null) restart();
  else document.title = thread.title;
}

/** What is asked after a saved answer follows on it, in a conversation of its own. */
async function openAnswer(id, question) {
  restart();
  Object.assign(thread, { stateless: true, saved: id });
  const mine = thread;
  const turn = new Turn(question ?? "A saved answer");
  show(turn);
  turn.wait();
  try {
    const answer = await call(answerPath(id));
    if (mine !== thread) return;
    turn.element.querySelector(".question").textContent = answer.question;
    turn.question = answer.question;
    entitle(answer.question);
    finish(turn, answer);
    thread.turns.push(...messages(answer));
  } catch (error) {
    if (mine !== thread) return;
    const again = question && button("Ask it again", () => { restart(); put(question); }, { class: "main" });
    turn.fail(problem(error, () => openAnswer(id, question), { extra: again }));
  }
}
