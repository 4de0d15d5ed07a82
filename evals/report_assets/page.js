"use strict";
// Shows the questions of the embedded JSON. Text is only ever set as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const NAMES = {
  right: "right", wrong: "wrong", over_refused: "over-refused", refused: "rightly refused",
  hallucinated: "hallucinated", error: "error", unscored: "not answered",
};
const GOOD = new Set(["right", "refused"]);
const STATES = { supported: "in the source", partly: "partly in the source", unsupported: "not in the source" };
const form = document.getElementById("tools");
const list = document.getElementById("questions");
const found = document.getElementById("found");

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const fold = (text) => text.normalize("NFKC").toLowerCase();
const seconds = (value) => `${value.toFixed(value < 10 ? 1 : 0)} s`;
const chosen = () => new FormData(form);
const result = (question, run) => question.results[run];
const said = (answer) => (answer.verdict === "error" ? answer.error : answer.text) || "–";

function flipped(question, run, other) {
  const [one, two] = [result(question, run), result(question, other)];
  return Boolean(one && two) && run !== other && GOOD.has(one.verdict) !== GOOD.has(two.verdict);
}

function passes(question, show, run, other) {
  const answer = result(question, run);
  if (show === "all") return true;
  return show === "flipped" ? flipped(question, run, other) : answer.verdict === show;
}

function holds(question, run, words) {
  const texts = [question.id, question.text, ...question.gold.flat(), said(result(question, run))];
  return !words || fold(texts.join("\n")).includes(words);
}

function update() {
  const now = chosen();
  const run = now.get("run"), other = now.get("other"), lang = now.get("lang"), words = fold(now.get("search")).trim();
  const suite = data.runs[run].suite;
  const among = data.questions.filter((question) =>
    question.suite === suite && result(question, run) && (!lang || question.lang === lang) &&
    holds(question, run, words));
  for (const input of form.elements.show) {
    const count = among.filter((question) => passes(question, input.value, run, other)).length;
    input.parentElement.querySelector(".count").textContent = count;
  }
  const shown = among.filter((question) => passes(question, now.get("show"), run, other));
  list.replaceChildren(...shown.map((question) => entry(question, run, other)));
  if (!shown.length) list.append(make("p", { class: "none" }, "No question is like this."));
  const all = data.questions.filter((question) => question.suite === suite && result(question, run)).length;
  found.textContent = `${shown.length} of ${all} questions`;
}

function entry(question, run, other) {
  const answer = result(question, run);
  const about = [question.id, question.lang, seconds(answer.seconds)].filter(Boolean).join(" · ");
  const details = make("details", { class: "question", "data-id": question.id },
    make("summary", {},
      make("span", { class: `verdict ${answer.verdict}` }, NAMES[answer.verdict]),
      make("span", { class: "asked", lang: question.lang }, question.text),
      make("span", { class: "about" }, about),
      make("span", { class: "said", lang: answer.lang || question.lang }, said(answer))));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(body(question, answer, run, other));
  });
  return details;
}

function body(question, answer, run, other) {
  const parts = [...history(question), ...answered(answer), ...gold(question)];
  parts.push(...cited(question, answer), ...others(question, run, other), ...numbers(answer));
  return make("div", { class: "body" }, ...parts);
}

function history(question) {
  if (!question.history.length) return [];
  const turns = question.history.map(([asked, replied]) => make("p", {}, asked, make("br"), make("span", { class: "soft" }, replied)));
  return [make("h4", {}, "Earlier in the conversation"), ...turns];
}

function answered(answer) {
  if (answer.verdict === "error") return [make("h4", {}, "Error"), make("p", {}, answer.error)];
  const head = make("h4", {}, answer.answered ? "Answer" : `Refusal (${answer.reason.replaceAll("_", " ")})`);
  if (!answer.answered || !answer.sentences.length) return [head, make("p", { lang: answer.lang }, said(answer))];
  return [head, ...answer.sentences.map((sentence) => make("p", { class: `sentence ${sentence.state}`, lang: answer.lang },
    sentence.text, " ", make("span", { class: "soft" }, sentence.markers.map((marker) => `[${marker}]`).join("")),
    make("span", { class: "state", lang: "en" }, STATES[sentence.state] + (sentence.reason ? `: ${sentence.reason}` : ""))))];
}

function gold(question) {
  const groups = question.gold.map((group) => group.join(" / "));
  if (!question.answerable) groups.push("The documents do not state the answer: a refusal is right.");
  if (groups.length > 1) return [make("h4", {}, "Right answer (one of every line)"), make("ul", {}, ...groups.map((text) => make("li", {}, text)))];
  return groups.length ? [make("h4", {}, "Right answer"), make("p", {}, ...groups)] : [];
}

function cited(question, answer) {
  const parts = [];
  const places = new Map();
  for (const citation of answer.citations) {
    if (!places.has(citation.passage)) places.set(citation.passage, []);
    places.get(citation.passage).push(citation);
  }
  if (places.size) {
    const proof = question.evidence.length ? ", underlined what proves the right answer" : "";
    parts.push(make("h4", {}, `Cited (highlighted${proof})`));
  }
  for (const [index, citations] of places) parts.push(passage(question, data.passages[index], citations));
  const rest = answer.hits.filter((index) => !places.has(index));
  if (rest.length) {
    const label = `${rest.length} ${places.size ? "other " : ""}${rest.length === 1 ? "passage" : "passages"} considered`;
    parts.push(lazily(label, () => rest.map((index) => passage(question, data.passages[index], []))));
  }
  return parts;
}

function passage(question, place, citations) {
  // Offsets count code points, JavaScript's own count UTF-16 units.
  const characters = Array.from(place.text.trimEnd());
  const clip = (offset) => Math.min(Math.max(offset - place.start, 0), characters.length);
  const spans = citations.map((citation) => [clip(citation.start), clip(citation.end), citation.marker]);
  const proof = question.evidence.filter(([name]) => name === place.name).map(([, start, end]) => [clip(start), clip(end)]);
  const cuts = new Set([0, characters.length]);
  for (const [start, end] of [...spans, ...proof]) cuts.add(start).add(end);
  const edges = [...cuts].sort((one, two) => one - two);
  const inside = (pieces, start) => pieces.filter(([from, to]) => from <= start && start < to);
  const box = make("div", { class: "passage", lang: place.lang });
  edges.slice(0, -1).forEach((start, index) => {
    const end = edges[index + 1];
    const here = inside(spans, start);
    const text = characters.slice(start, end).join("");
    const piece = inside(proof, start).length ? make("span", { class: "evidence", title: "this proves the right answer" }, text) : text;
    box.append(here.length ? make("mark", {}, piece) : piece);
    const ending = here.filter(([, to]) => to === end).map(([, , marker]) => `[${marker}]`);
    if (ending.length) box.append(make("sup", {}, ending.join("")));
  });
  const where = `${place.title}, characters ${place.start}–${place.start + Array.from(place.text).length}`;
  return make("div", {}, make("p", { class: "small soft" }, where), box);
}

function others(question, run, other) {
  const rest = Object.keys(question.results).filter((index) => index !== run);
  if (!rest.length) return [];
  const rows = rest.map((index) => {
    const answer = result(question, index);
    return make("tr", {}, make("th", { scope: "row" }, data.runs[index].label + (index === other ? " (compared)" : "")),
      make("td", {}, make("span", { class: `verdict ${answer.verdict}` }, NAMES[answer.verdict])),
      make("td", { lang: answer.lang || question.lang }, said(answer)));
  });
  return [make("h4", {}, "Other systems"), make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Other systems" },
    make("table", {}, make("tbody", {}, ...rows)))];
}

function numbers(answer) {
  const facts = (values) => make("dl", { class: "facts" },
    ...Object.entries(values).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
  const scores = Object.fromEntries(Object.entries(answer.scores).filter(([, value]) => value !== null)
    .map(([name, value]) => [name.replaceAll("_", " "), Number(value.toFixed(3))]));
  const parts = [lazily("Time, tokens, receipt", () => [facts(answer.receipt)])];
  if (Object.keys(scores).length) parts.unshift(lazily("Scores", () => [facts(scores)]));
  return parts;
}

function lazily(label, build) {
  const details = make("details", {}, make("summary", {}, label));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(...build());
  });
  return details;
}

function options(select, pairs) {
  const before = select.value;
  select.replaceChildren(...pairs.map(([value, label]) => make("option", { value }, label)));
  if (pairs.some(([value]) => value === before)) select.value = before;
}

function choices() {
  // The languages and the other runs of the suite that is shown; another run of the same system comes first.
  const run = chosen().get("run"), { suite, system } = data.runs[run];
  const codes = new Set(data.questions.filter((question) => question.suite === suite).map((question) => question.lang));
  options(form.elements.lang, [["", "all"], ...[...codes].filter(Boolean).sort().map((code) => [code, code])]);
  const rest = Object.keys(data.runs).filter((index) => index !== run && data.runs[index].suite === suite);
  rest.sort((one, two) => (data.runs[two].system === system) - (data.runs[one].system === system));
  options(form.elements.other, rest.length ? rest.map((index) => [index, data.runs[index].label]) : [["", "no other run"]]);
}

let pending = 0;
function updateSoon() {
  cancelAnimationFrame(pending);
  pending = requestAnimationFrame(update);
}

function open() {
  // A link that ends in #q=ID opens that question, whatever was filtered before.
  const id = new URLSearchParams(location.hash.slice(1)).get("q");
  const question = data.questions.find((one) => one.id === id);
  if (!question) return;
  const listed = () => [...list.children].find((item) => item.dataset.id === id);
  cancelAnimationFrame(pending);
  update();
  if (!listed()) {
    form.reset();
    form.elements.run.value = Object.keys(question.results)[0];
    choices();
    update();
  }
  const target = listed();
  target.open = true;
  target.scrollIntoView({ block: "start" });
  target.querySelector("summary").focus({ preventScroll: true });
}

form.addEventListener("input", (event) => {
  if (event.target.name === "run") choices();
  updateSoon();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input[type=search], select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    form.elements.search.focus();
  }
});
addEventListener("hashchange", open);
choices();
update();
open();
