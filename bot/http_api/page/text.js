// Ranges and dates. The API counts code points, JavaScript counts UTF-16 units.

/** Returns the UTF-16 offsets of code point offsets; one beyond the end is the end. */
function toUnits(text, offsets) {
  const wanted = [...new Set(offsets)].sort((a, b) => a - b);
  const found = new Map();
  let units = 0;
  let points = 0;
  for (const offset of wanted) {
    while (points < offset && units < text.length) {
      units += text.codePointAt(units) > 0xffff ? 2 : 1;
      points += 1;
    }
    found.set(offset, units);
  }
  return offsets.map((offset) => found.get(offset));
}

/** Returns ranges `{start, end, …}` in code points with `from` and `to` in UTF-16 units. */
export function placed(text, ranges) {
  const units = toUnits(text, ranges.flatMap((range) => [range.start, range.end]));
  return ranges.map((range, n) => ({ ...range, from: units[2 * n], to: units[2 * n + 1] }));
}

/** Cuts `[from, to)` of a text where placed ranges begin and end: `{text, ranges}` in order. */
export function cut(text, ranges, from = 0, to = text.length) {
  const inside = ranges.filter((range) => range.from < to && range.to > from);
  const edges = new Set([from, to]);
  for (const range of inside) {
    edges.add(Math.max(from, range.from));
    edges.add(Math.min(to, range.to));
  }
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((start, n) => ({
    text: text.slice(start, sorted[n + 1]),
    ranges: inside.filter((range) => range.from <= start && sorted[n + 1] <= range.to),
  }));
}

/** Returns the lines that hold something as `{from, to}` in UTF-16 units. */
export function lines(text) {
  return [...text.matchAll(/[^\n]*\S[^\n]*/g)].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
  }));
}

/** Returns what stands around `[from, to)`: about so many characters a side, whole words. */
export function around(text, from, to, most) {
  let start = Math.max(0, from - most);
  if (start > 0) {
    const blank = text.slice(start, from).search(/\s/);
    start = blank < 0 ? from : start + blank;
  }
  let end = Math.min(text.length, to + most);
  if (end < text.length) end = to + Math.max(0, text.slice(to, end).search(/\s\S*$/));
  const plain = (part) => part.replace(/\s*\n\s*/g, "\n");
  return {
    before: plain((start > 0 ? "…" : "") + text.slice(start, from)),
    after: plain(text.slice(to, end) + (end < text.length ? " …" : "")),
  };
}

// A date without a time is midnight UTC: in another zone it would be the day before.
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const SHORT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const NUMBER = new Intl.NumberFormat("en-GB");

export const day = (moment) => DAY.format(new Date(moment));
export const shortDay = (moment) => SHORT.format(new Date(moment));

/** Returns `1 article`, `2,600 articles`. */
export function count(number, one, many = `${one}s`) {
  return `${NUMBER.format(number)} ${number === 1 ? one : many}`;
}

/** Returns how long ago, for a whole number of days. */
export function ago(days) {
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  if (days < 60) return `${days} days ago`;
  if (days < 730) return `${Math.round(days / 30.44)} months ago`;
  return `${Math.floor(days / 365.25)} years ago`;
}

/** Returns outlet, author and date in one line; empty where nothing is known. */
export function byline({ source, author, published_at: date }) {
  return [source, author, date && shortDay(date)].filter(Boolean).join(" · ");
}

export const percent = (share) => `${Math.round(100 * share)} %`;
