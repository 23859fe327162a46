// The server's endpoints, by relative addresses, so that they hold below a proxy's path too.

import { keyHeader } from "./key.js";

/** The server said no: `status`, `code`, seconds to wait where it names them, the request's id. */
export class Refusal extends Error {
  constructor(status, error, wait) {
    super(error.message || "The server refused.");
    Object.assign(this, { status, code: error.code || "", wait, request: error.request_id || "" });
  }
}

/** Nothing came back, or not all of it. */
export class Unreachable extends Error {}

async function request(path, { body, signal, accept } = {}) {
  const headers = keyHeader();
  if (accept) headers.Accept = accept;
  const options = { headers, signal, credentials: "omit", cache: "no-store", redirect: "error" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  }
  let reply;
  try {
    reply = await fetch(new URL(path, document.baseURI), options);
  } catch (error) {
    throw signal?.aborted ? error : new Unreachable("no reply", { cause: error });
  }
  if (!reply.ok) throw await refusal(reply);
  return reply;
}

async function refusal(reply) {
  const wait = Number.parseInt(reply.headers.get("Retry-After") ?? "", 10);
  const record = await reply.json().catch(() => ({})); // a proxy's error page is no envelope
  return new Refusal(reply.status, record.error ?? {}, Number.isFinite(wait) ? wait : null);
}

/** Returns the JSON that an endpoint gives; a `body` is posted. */
export async function call(path, options) {
  const reply = await request(path, options);
  try {
    return await reply.json();
  } catch (error) {
    throw options?.signal?.aborted ? error : new Unreachable("half a reply", { cause: error });
  }
}

/** Asks, and hands on each event as it comes; returns the whole answer. */
export async function ask(body, onEvent, signal) {
  const accept = "text/event-stream";
  const reply = await request("v1/answer", { body: { ...body, stream: true }, signal, accept });
  for await (const event of events(reply, signal)) {
    if (event.type === "answer.completed") return event.answer;
    if (event.type === "error") throw new Refusal(0, event.error, null);
    onEvent(event);
  }
  throw new Unreachable("the answer broke off");
}

async function* events(reply, signal) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const data = block.split("\n").find((line) => line.startsWith("data: "));
        if (data) yield JSON.parse(data.slice(6));
      }
    }
  } catch (error) {
    throw signal?.aborted ? error : new Unreachable("the answer broke off", { cause: error });
  } finally {
    reader.cancel().catch(() => {}); // it may have broken off already
  }
}

/** Returns the path of a document; one with `.` or `..` in it would be taken for another path. */
function documentPath(id, revision) {
  const slash = /(^|\/)\.{1,2}(\/|$)/.test(id) ? "%2F" : "/";
  const path = `v1/documents/${id.split("/").map(encodeURIComponent).join(slash)}`;
  return revision ? `${path}?revision=${encodeURIComponent(revision)}` : path;
}

const documents = new Map();
const MOST_KEPT = 40;

/** Returns a document; a revision never changes, so the last ones read are kept. */
export function readDocument(id, revision) {
  if (!revision) return call(documentPath(id));
  const name = JSON.stringify([id, revision]);
  const known = documents.get(name);
  if (known) return known;
  const reading = call(documentPath(id, revision));
  documents.set(name, reading);
  reading.catch(() => documents.delete(name));
  if (documents.size > MOST_KEPT) documents.delete(documents.keys().next().value);
  return reading;
}

let overview = null;

/** Returns what the collection holds; asked again after a failure, or when told to. */
export function collection({ anew = false } = {}) {
  if (anew || overview === null) {
    const reading = call("v1/collection");
    reading.catch(() => {
      if (overview === reading) overview = null;
    });
    overview = reading;
  }
  return overview;
}
