// The page in the browser: keeps the conversation, lights up citations, carries clicks to the server.
// Content is made on the server and escaped there; this file never turns text into markup.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const PREFIX = "qa.conversation.";
  const KEPT = 50;

  const stored = {
    get(key, otherwise) {
      try { return JSON.parse(localStorage.getItem(key)) ?? otherwise; } catch { return otherwise; }
    },
    set(key, value) {
      try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
    },
  };
  const fresh = () => Date.now().toString(36) + Math.random().toString(36).slice(2, 8);

  const state = {
    trigger: null,
    language: stored.get("qa.language", null) || (/^ja\b/i.test(navigator.language) ? "ja" : "en"),
    tab: "ask",
    conversation: { id: fresh(), turns: [] },
    leftOut: new Set(stored.get("qa.leftOut", [])),
    asking: null, // id of the turn that is being answered
    question: "", // what that turn asks; where it waits in line, nothing on the page says it yet
    editing: -1, // index of the turn whose question is being changed
    wanted: null, // {key, marker, focus}: the citation to light up once the reader shows it
    verdicts: {}, // turn id to "good" or "bad"
  };

  let words = {};
  const send = (name, data = {}) => state.trigger(name, { language: state.language, ...data });
  const turnOf = (node) => state.conversation.turns.find((t) => t.id === node.closest(".turn")?.dataset.turnId);
  const narrow = () => matchMedia("(max-width: 860px)").matches;
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const glide = () => (calm() ? "auto" : "smooth");

  // Conversation, kept in this browser: one entry for each, so that two tabs never overwrite each other.

  function save() {
    const { id, turns } = state.conversation;
    sessionStorage.setItem("qa.tab", id);
    if (!turns.length) { localStorage.removeItem(PREFIX + id); return; }
    const entry = { id, turns, updated: Date.now(), title: turns[0].question.slice(0, 120) };
    while (!stored.set(PREFIX + id, entry)) { // full: the oldest of the others makes room
      const oldest = conversations().filter((c) => c.id !== id).pop();
      if (!oldest) return;
      localStorage.removeItem(PREFIX + oldest.id);
    }
    for (const old of conversations().slice(KEPT)) localStorage.removeItem(PREFIX + old.id);
  }

  function conversations() {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))
      .map((key) => stored.get(key, null)).filter((c) => c && Array.isArray(c.turns))
      .sort((a, b) => b.updated - a.updated);
  }

  function open(conversation) {
    state.conversation = conversation;
    state.editing = -1;
    sessionStorage.setItem("qa.tab", conversation.id);
    send("open", { turns: conversation.turns, document: $(".reader")?.dataset.document || "" });
  }

  // Asking

  function ask(question) {
    question = question.trim();
    if (!question || state.asking) return;
    if (state.editing >= 0) cut(state.editing);
    state.editing = -1;
    state.asking = fresh();
    state.question = question;
    $(".welcome")?.remove();
    const history = state.conversation.turns.filter((t) => t.answer).map((t) => [t.question, t.answer.text]);
    const box = $("#qa-question");
    box.value = "";
    fit(box);
    send("ask", { id: state.asking, question, history, documents: asked() });
    sync();
  }

  function stop() {
    if (!state.asking) return;
    const live = $("#qa-live .turn");
    send("stop", {
      id: state.asking,
      question: state.question,
      partial: live ? $(".draft", live)?.textContent || "" : "",
    });
  }

  function cut(from) {
    for (const turn of state.conversation.turns.splice(from)) document.getElementById("turn-" + turn.id)?.remove();
    save();
  }

  function asked() {
    const all = $$("#qa-shelf [data-do=tick]").map((box) => box.dataset.document);
    const chosen = all.filter((id) => !state.leftOut.has(id));
    return chosen.length === all.length ? null : chosen;
  }

  function adopt() { // a finished answer moves from where it was written into the conversation
    const article = $("#qa-live .turn:not(.pending)");
    if (!article || article.dataset.turnId !== state.asking) return;
    const turn = JSON.parse(article.dataset.turn);
    state.asking = null;
    state.conversation.turns.push(turn);
    $(".turns").append(article);
    save();
    toEnd(true);
    const first = $(".chip, .nearest .link", article);
    if (first && !narrow()) cite(first, false);
  }

  // Citations and the reader

  function cite(place, focus = true) {
    const { document: id, marker, start, end } = place.dataset;
    const turn = turnOf(place);
    const span = { marker: +marker, start: +start, end: +end };
    let key = `${turn?.id}:${id}`, marks = [span];
    if (span.marker) {
      const all = turn.answer.sentences.flatMap((s) => s.citations).filter((c) => c.document_id === id);
      marks = [...new Map(all.map((c) => [c.marker, { marker: c.marker, start: c.start, end: c.end }])).values()];
    } else key += ":" + start;
    state.wanted = { key, marker: span.marker, focus };
    $$(".chip.active").forEach((chip) => chip.classList.remove("active"));
    if (place.classList.contains("chip")) place.classList.add("active");
    if ($(".reader")?.dataset.key === key) light();
    else send("show", { document: id, marks, key });
  }

  function light() {
    const reader = $(".reader");
    if (!state.wanted || reader?.dataset.key !== state.wanted.key) return;
    const { marker, focus } = state.wanted;
    state.wanted = null;
    $$("mark.active", reader).forEach((mark) => mark.classList.remove("active"));
    const marks = $$("mark", reader).filter((m) => m.dataset.markers.split(" ").includes(String(marker)));
    marks.forEach((mark) => mark.classList.add("active"));
    if (!marks.length) return;
    if (narrow()) {
      if (focus) marks[0].scrollIntoView({ block: "center", behavior: glide() });
      return;
    }
    const page = $(".page", reader);
    const by = marks[0].getBoundingClientRect().top - page.getBoundingClientRect().top;
    page.scrollTo({ top: page.scrollTop + by - page.clientHeight / 3, behavior: glide() });
  }

  function toEnd(force) {
    const pane = narrow() ? document.scrollingElement : $("#qa-scroll");
    if (!pane) return;
    if (narrow()) {
      if (force) $(".turns > :last-child, #qa-live .turn")?.scrollIntoView({ block: "nearest" });
    } else if (force || pane.scrollHeight - pane.scrollTop - pane.clientHeight < 160) {
      pane.scrollTop = pane.scrollHeight;
    }
  }

  // What the server does not know: put back after every change it makes

  function set(node, name, value) {
    if (node && node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
  function say(node, text) {
    if (node && node.textContent !== text) node.textContent = text;
  }

  function sync() {
    const header = $(".top");
    if (!header) return;
    words = JSON.parse(header.dataset.words);
    if (header.dataset.language === state.language) {
      document.documentElement.lang = state.language;
      document.body.classList.add("qa-ready");
    }
    adopt();
    light();
    set(document.body, "data-tab", state.tab);
    set(document.body, "data-busy", state.asking ? "yes" : "no");
    for (const tab of $$("[role=tab][data-tab]")) {
      const chosen = tab.dataset.tab === state.tab;
      set(tab, "aria-selected", chosen);
      set(tab, "tabindex", chosen ? 0 : -1);
      const panel = document.getElementById("panel-" + tab.dataset.tab);
      set(panel, "role", "tabpanel");
      set(panel, "aria-labelledby", tab.id);
    }
    const log = $("#qa-thread");
    set(log, "role", "log");
    set($("#qa-outcome"), "role", "status");
    shelf();
    queue();
    const editing = $("[data-part=editing]");
    if (editing) {
      editing.hidden = state.editing < 0;
      if (state.editing >= 0 && !editing.textContent) {
        const cancel = document.createElement("button");
        Object.assign(cancel, { type: "button", textContent: words.cancel });
        cancel.dataset.do = "cancel-edit";
        editing.append(words.editing + " ", cancel);
      } else if (state.editing < 0 && editing.textContent) editing.textContent = "";
    }
    for (const [id, verdict] of Object.entries(state.verdicts)) {
      const turn = document.getElementById("turn-" + id);
      for (const name of ["good", "bad"]) set(turn && $(`[data-do=${name}]`, turn), "aria-pressed", verdict === name);
    }
    download();
    const notice = $("#qa-notice [data-nonce]");
    if (notice && notice.dataset.nonce !== noticed) { noticed = notice.dataset.nonce; tell(notice.textContent); }
    if (state.asking) toEnd(false);
  }

  function shelf() {
    const boxes = $$("#qa-shelf [data-do=tick]");
    for (const box of boxes) {
      const wanted = !state.leftOut.has(box.dataset.document);
      if (box.checked !== wanted) box.checked = wanted;
    }
    const chosen = boxes.filter((box) => box.checked).length;
    const scope = $("[data-part=scope]");
    const some = (words.asks_some || "").replace("{count}", chosen).replace("{all}", boxes.length);
    say(scope, boxes.length < 2 ? "" : chosen === boxes.length ? words.asks_all : chosen ? some : words.asks_none);
  }

  function queue() { // Gradio writes "queue: 2/3" over the component that waits
    const place = /queue: (\d+)\/(\d+)/.exec($("#qa-line")?.textContent || "");
    const working = $("#qa-live .turn.pending");
    let waiting = $(".waiting");
    if (!waiting) {
      waiting = document.createElement("p");
      waiting.className = "waiting";
      waiting.setAttribute("role", "status");
      $("#qa-line")?.after(waiting);
    }
    const text = place && state.asking && !working
      ? words.waiting.replace("{place}", place[1]).replace("{size}", place[2]) : "";
    say(waiting, text);
  }

  function history() {
    const list = $("[data-part=history]");
    list.textContent = "";
    const all = conversations();
    if (!all.length) {
      const none = document.createElement("li");
      none.textContent = words.history_none;
      list.append(none);
    }
    for (const one of all) {
      const row = document.createElement("li"), load = document.createElement("button");
      const remove = document.createElement("button"), when = document.createElement("time");
      Object.assign(load, { type: "button", textContent: one.title, dir: "auto" });
      load.dataset.do = "load";
      when.textContent = new Date(one.updated).toLocaleString(state.language, { dateStyle: "medium", timeStyle: "short" });
      load.append(when);
      Object.assign(remove, { type: "button", textContent: "×" });
      remove.dataset.do = "forget";
      remove.setAttribute("aria-label", `${words.delete}: ${one.title}`);
      load.dataset.id = remove.dataset.id = one.id;
      if (one.id === state.conversation.id) load.setAttribute("aria-current", "true");
      row.append(load, remove);
      list.append(row);
    }
  }

  let downloaded = "", noticed = "";
  function download() {
    const file = $("#qa-download [data-name]");
    if (!file || file.dataset.nonce === downloaded) return;
    downloaded = file.dataset.nonce;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.dataset.text], { type: file.dataset.type }));
    link.download = file.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // Small tools

  async function copy(button) {
    const { answer, question } = turnOf(button);
    const cited = new Map();
    const sentences = answer.sentences.map((s) => {
      s.citations.forEach((c) => cited.set(c.marker, c));
      return s.text + s.citations.map((c) => ` [${c.marker}]`).join("");
    });
    const sources = [...cited.values()].sort((a, b) => a.marker - b.marker)
      .map((c) => `[${c.marker}] ${c.quote.trim()} (${c.title})`);
    const text = [sentences.join(" "), ...sources].join("\n");
    try { await navigator.clipboard.writeText(text); tell(words.copied); } catch { tell(words.copy_failed); }
  }

  let quiet;
  function tell(text) {
    say($("#qa-said"), text);
    clearTimeout(quiet);
    quiet = setTimeout(() => say($("#qa-said"), ""), 3500);
  }

  function rate(button) {
    const verdict = button.dataset.do, turn = turnOf(button), tools = button.closest(".tools");
    state.verdicts[turn.id] = verdict;
    send("feedback", { turn, verdict, comment: "" });
    let form = $("form.comment", tools.parentNode);
    if (!form) {
      form = document.createElement("form");
      form.className = "comment";
      form.dataset.form = "comment";
      const label = document.createElement("label"), box = document.createElement("textarea");
      const store = document.createElement("button"), where = document.createElement("small");
      box.id = label.htmlFor = "comment-" + turn.id;
      label.textContent = words.comment;
      Object.assign(box, { name: "comment", rows: 2, maxLength: 2000, dir: "auto" });
      Object.assign(store, { type: "submit", textContent: words.comment_send, className: "soft" });
      where.textContent = words.comment_where;
      form.append(label, box, store, where);
      tools.after(form);
    }
    sync();
  }

  function theme(turn) {
    const order = ["auto", "light", "dark"];
    let chosen = stored.get("qa.theme", "auto");
    if (turn) stored.set("qa.theme", (chosen = order[(order.indexOf(chosen) + 1) % 3]));
    const dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    if (turn) tell(words["theme_" + chosen]);
  }

  function fit(box) {
    box.style.height = "auto";
    box.style.height = Math.min(box.scrollHeight, 180) + "px";
  }

  function tab(name) {
    state.tab = name;
    closeMenus();
    sync();
    if (name === "library") send("library");
    if (name === "evals") send("evals");
  }

  function closeMenus(but) {
    for (const menu of $$(".menu")) {
      if (menu === but) continue;
      menu.hidden = true;
      set($(`[aria-controls=${menu.id}]`), "aria-expanded", false);
    }
  }
  function menu(button) {
    const target = document.getElementById(button.getAttribute("aria-controls"));
    closeMenus(target);
    if (target.id === "qa-history") history();
    target.hidden = !target.hidden;
    set(button, "aria-expanded", !target.hidden);
    if (!target.hidden) $("button", target)?.focus();
  }

  function upload(files) {
    const input = $("#qa-upload input[type=file], input[type=file]#qa-upload") ||
      $("#qa-upload")?.parentNode.querySelector("input[type=file]");
    if (!input || !files.length) return;
    input.files = files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  const DO = {
    tab: (b) => tab(b.dataset.tab),
    language: (b) => {
      state.language = b.dataset.language;
      stored.set("qa.language", state.language);
      send("open", { turns: state.conversation.turns, document: $(".reader")?.dataset.document || "" });
    },
    theme: () => theme(true),
    example: (b) => ask(b.textContent),
    cite: (b) => cite(b),
    edit: (b) => {
      state.editing = state.conversation.turns.indexOf(turnOf(b));
      const box = $("#qa-question");
      box.value = turnOf(b).question;
      fit(box);
      box.focus();
      sync();
    },
    "cancel-edit": () => { state.editing = -1; $("#qa-question").value = ""; sync(); },
    retry: (b) => {
      const { question } = turnOf(b);
      state.editing = state.conversation.turns.indexOf(turnOf(b));
      ask(question);
    },
    copy,
    good: rate,
    bad: rate,
    stop,
    new: () => { if (!state.asking) { open({ id: fresh(), turns: [] }); $("#qa-question").focus(); } },
    history: menu,
    more: menu,
    load: (b) => {
      const found = stored.get(PREFIX + b.dataset.id, null);
      if (found && !state.asking) { closeMenus(); open({ id: found.id, turns: found.turns }); }
    },
    forget: (b) => {
      localStorage.removeItem(PREFIX + b.dataset.id);
      if (b.dataset.id === state.conversation.id) DO.new();
      history();
    },
    "export-md": () => { closeMenus(); send("export", { format: "md", turns: state.conversation.turns }); },
    "export-json": () => { closeMenus(); send("export", { format: "json", turns: state.conversation.turns }); },
    read: (b) => { send("show", { document: b.dataset.document, marks: [], key: "" }); tab("ask"); },
    remove: (b) => { if (confirm(words.remove_sure)) send("remove", { document: b.dataset.document }); },
    back: () => $(".chip.active, .turns > :last-child")?.scrollIntoView({ block: "center", behavior: glide() }),
  };

  const FORMS = {
    ask: (form) => ask(form.question.value),
    url: (form) => { send("add_url", { url: form.url.value }); form.reset(); },
    text: (form) => { send("add_text", { title: form.title.value, text: form.text.value }); form.reset(); },
    comment: (form) => {
      const turn = turnOf(form);
      send("feedback", { turn, verdict: state.verdicts[turn.id], comment: form.comment.value });
      form.remove();
    },
  };

  // Tooltips: one element, beside what is hovered or focused, never cut off by a pane

  function tip(target) {
    const box = $("#qa-tip");
    if (!box) return;
    const text = target?.dataset.tip;
    box.hidden = !text;
    if (!text) return;
    box.textContent = text;
    if (target.dataset.tipFrom) {
      const from = document.createElement("small");
      from.textContent = target.dataset.tipFrom;
      box.append(from);
    }
    const at = target.getBoundingClientRect(), size = box.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8));
    const below = at.bottom + 8 + size.height < innerHeight;
    box.style.left = left + "px";
    box.style.top = (below ? at.bottom + 8 : Math.max(8, at.top - size.height - 8)) + "px";
  }

  function listen() {
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (!event.target.closest(".menu, [aria-controls]")) closeMenus();
      if (button?.tagName === "BUTTON") DO[button.dataset.do]?.(button);
    });
    document.addEventListener("submit", (event) => {
      const form = event.target.closest("[data-form]");
      if (!form) return;
      event.preventDefault();
      FORMS[form.dataset.form](form);
    });
    document.addEventListener("change", (event) => {
      const { do: action, document: id } = event.target.dataset;
      if (event.target.type === "file") tell(`${words.adding} …`);
      if (action === "tick") {
        state.leftOut[event.target.checked ? "delete" : "add"](id);
        stored.set("qa.leftOut", [...state.leftOut]);
        sync();
      }
      if (action === "choose") send("show", { document: event.target.value, marks: [], key: "" });
    });
    document.addEventListener("input", (event) => { if (event.target.id === "qa-question") fit(event.target); });
    document.addEventListener("keydown", (event) => {
      const { target, key } = event;
      if (target.id === "qa-question" && key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
        event.preventDefault();
        ask(target.value);
      }
      if (key === "Escape") { closeMenus(); tip(null); }
      if (target.role === "tab" && (key === "ArrowRight" || key === "ArrowLeft")) {
        const tabs = $$("[role=tab][data-tab]"), at = tabs.indexOf(target);
        const next = tabs[(at + (key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length];
        tab(next.dataset.tab);
        next.focus();
      }
    });
    document.addEventListener("focusin", (event) => {
      tip(event.target.closest("[data-tip]"));
      if (event.target.matches(".chip:focus-visible") && !event.target.classList.contains("active")) cite(event.target);
    });
    document.addEventListener("focusout", () => tip(null));
    document.addEventListener("mouseover", (event) => tip(event.target.closest("[data-tip]")));
    document.addEventListener("scroll", () => {
      tip(null);
      const source = $("#qa-source")?.getBoundingClientRect();
      document.body.classList.toggle("qa-at-source", narrow() && source && source.top < innerHeight / 2);
    }, true);
    const inLibrary = (event) => state.tab === "library" && event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!inLibrary(event)) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      if (!inLibrary(event)) return;
      event.preventDefault();
      document.body.classList.remove("dropping");
      upload(event.dataTransfer.files);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme(false));
  }

  function connect(trigger) {
    state.trigger = trigger;
    const box = document.createElement("div");
    Object.assign(box, { id: "qa-tip", hidden: true });
    box.setAttribute("aria-hidden", "true");
    const said = document.createElement("div");
    said.id = "qa-said";
    said.setAttribute("role", "status");
    document.body.append(box, said);
    listen();
    theme(false);
    const observer = new MutationObserver(() => { sync(); observer.takeRecords(); });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["data-turn", "data-key", "data-words", "data-nonce"] });
    setTimeout(() => document.body.classList.add("qa-ready"), 6000); // whatever is wrong is then seen
    const kept = stored.get(PREFIX + sessionStorage.getItem("qa.tab"), null);
    open(kept ? { id: kept.id, turns: kept.turns } : state.conversation);
  }

  window.qa = { connect, language: () => state.language };
})();
