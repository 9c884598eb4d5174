import { Client } from "./client.js";
import { renderCards, renderChips, renderTiming } from "./render.js";

const PAGE = 24;
const MOST = 96;
const TOKEN = "lookalike-token";
const find = (id) => document.getElementById(id);
const base = new URL(document.querySelector("meta[name=lookalike-api]").content || ".", document.baseURI);
const client = new Client(base, {
  token: sessionStorage.getItem(TOKEN),
  onWait: (seconds) => say(`Very busy just now, trying again in ${seconds} s…`),
});

const state = {
  photo: null, // { upload, preview, name }: the shopper's
  item: null, // the item asked with, if any
  chosen: new Map(), // facet → Set of labels: the pressed chips
  offered: [], // neighbours of the unfiltered search: what chips are made of
  count: PAGE,
  running: null, // AbortController of what is under way
};

function say(text) {
  find("message").textContent = text;
  find("problem").hidden = true;
}

function complain(problem) {
  const hints = {
    "photo-rejected": "Please try another photo.",
    "not-found": "It may have been taken out of the catalogue.",
    overloaded: "Please try again in a moment.",
    unavailable: "Please try again in a moment.",
    offline: "Please check the connection and try again.",
  };
  say("");
  find("problem").textContent = [problem.message, hints[problem.kind]].filter(Boolean).join(" ");
  find("problem").hidden = false;
}

/** Runs one thing at a time: starting another drops the one under way. */
async function run(task) {
  state.running?.abort();
  const running = new AbortController();
  state.running = running;
  find("results").setAttribute("aria-busy", "true");
  try {
    await task(running.signal);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (problem.status === 401) await askForToken(task);
    else complain(problem);
  } finally {
    if (state.running === running) find("results").removeAttribute("aria-busy");
  }
}

function askForToken(task) {
  const dialog = find("token-dialog");
  say("This catalogue asks for a token.");
  dialog.addEventListener("close", () => {
    const token = find("token").value;
    find("token").value = "";
    if (!token) return;
    client.token = token;
    sessionStorage.setItem(TOKEN, token);
    run(task);
  }, { once: true });
  dialog.showModal();
}

function takePhoto(file) {
  if (!file) return;
  if (state.photo) URL.revokeObjectURL(state.photo.preview);
  state.photo = { upload: null, preview: URL.createObjectURL(file), name: file.name };
  state.item = null;
  startAnew();
  if (location.search) history.pushState(null, "", location.pathname);
  showSubject();
  run(async (signal) => {
    say("Sending the photo…");
    state.photo.upload = await client.upload(file, signal);
    await search(signal);
  });
}

function takeItem(id, { push = true } = {}) {
  startAnew();
  if (push) history.pushState(null, "", `?item=${encodeURIComponent(id)}`);
  window.scrollTo({ top: 0 });
  find("results").focus({ preventScroll: true });
  run(async (signal) => {
    state.item = await client.item(id, signal);
    showSubject(await thumbnailOf(state.item, signal));
    await search(signal);
  });
}

function startAnew() {
  state.chosen.clear();
  state.offered = [];
  state.count = PAGE;
  find("cards").replaceChildren();
  find("more").hidden = true;
  find("timing").textContent = "";
  showChips();
}

function thumbnailOf(item, signal) {
  return item.photos.length ? client.picture(`v1/photos/${item.photos[0]}/thumbnail`, signal) : "icon.svg";
}

function showSubject(picture = state.photo?.preview) {
  const { item, photo } = state;
  find("subject").hidden = !picture;
  find("subject-picture").src = picture ?? "icon.svg";
  find("subject-picture").alt = item ? `Picture of ${item.title || item.id}` : "Your photo";
  find("subject-title").textContent = item ? item.title || item.id : (photo?.name ?? "");
  find("subject-note").textContent = item ? item.category : "";
  find("back").hidden = !(item && photo?.upload);
}

async function search(signal) {
  say("Looking…");
  const subject = state.item ? { item: state.item.id } : { upload: state.photo.upload };
  const filter = [...state.chosen.values()].filter((labels) => labels.size).map((labels) => ({ any: [...labels] }));
  const found = await client.search({ ...subject, filter, k: state.count }, signal);
  if (!filter.length) state.offered = found.neighbours;
  if (found.guess) {
    const sure = Math.round(found.guess.probability * 100);
    find("subject-note").textContent = `Looks like: ${found.guess.category} (${sure} %)`;
  }
  renderCards(find("cards"), found.neighbours, {
    picture: (path) => client.picture(path, signal),
    onPick: (item) => takeItem(item.id),
  });
  renderTiming(find("timing"), found.timing, found.model);
  showChips();
  find("more").hidden = found.neighbours.length < state.count || state.count >= MOST;
  say(found.neighbours.length ? `${found.neighbours.length} items, the most alike first.` : "Nothing fits. Try fewer filters.");
}

function showChips() {
  const facets = renderChips(find("chips"), state.offered, state.chosen, () => run(search));
  find("filters").hidden = facets === 0;
}

function goBack() {
  state.item = null;
  startAnew();
  showSubject();
  if (state.photo?.upload) run(search);
  else say("Nothing asked yet.");
}

function follow() {
  const id = new URLSearchParams(location.search).get("item");
  if (id) takeItem(id, { push: false });
  else goBack();
}

function listen() {
  for (const id of ["file", "camera"]) {
    find(id).addEventListener("change", (event) => {
      takePhoto(event.target.files[0]);
      event.target.value = ""; // so that the same file can be chosen again
    });
  }
  find("back").addEventListener("click", () => {
    history.pushState(null, "", location.pathname);
    goBack();
  });
  find("more").addEventListener("click", () => {
    state.count = Math.min(state.count * 2, MOST);
    run(search);
  });
  find("subject-picture").addEventListener("error", (event) => {
    // A browser that cannot show HEIC shows the sign instead; the server can read it all the same.
    if (!event.target.src.endsWith("icon.svg")) event.target.src = "icon.svg";
  });
  addEventListener("popstate", follow);
  addEventListener("paste", (event) => takePhoto([...event.clipboardData.files][0]));
  listenForDrops(find("drop"));
}

function listenForDrops(zone) {
  // On the whole page: a photo that misses the zone must not replace the page.
  addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    takePhoto(event.dataTransfer.files[0]);
  });
}

listen();
if (location.search) follow();
