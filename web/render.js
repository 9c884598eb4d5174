// From what the API answers to what the page shows. All text goes in as text: nothing an item says becomes markup.

const REASONS = { exact: "Your photo", near_duplicate: "Same picture", similar: "Similar" };
const FACETS = ["category", "colour"];

export function renderCards(list, neighbours, { picture, onPick }) {
  const template = document.getElementById("card");
  list.replaceChildren(...neighbours.map((neighbour) => card(template, neighbour, picture, onPick)));
}

function card(template, { item, thumbnail, score, confidence, reason }, picture, onPick) {
  const element = template.content.firstElementChild.cloneNode(true);
  const part = (selector) => element.querySelector(selector);
  const title = item.title || item.id;
  const button = part("button");
  button.setAttribute("aria-label", `Show items like ${title}`);
  button.addEventListener("click", () => onPick(item));
  showPicture(part("img"), picture(thumbnail));
  part("h3").textContent = title;
  part(".price").textContent = price(item.attributes);
  part(".labels").textContent = [item.category, ...item.labels.map(valueOf)].join(" · ");
  part(".badge").textContent = REASONS[reason] ?? reason;
  part(".badge").dataset.reason = reason;
  part(".score").textContent = `similarity ${score.toFixed(2)}, ${percent(confidence)} sure`;
  part(".score").title = "Similarity: 1 is the same picture. Sure: that it is the same kind of thing.";
  showConfidence(part("meter"), confidence);
  showLink(part(".shop"), item.url, title);
  return element;
}

async function showPicture(image, address) {
  image.addEventListener("load", () => image.src.startsWith("blob:") && URL.revokeObjectURL(image.src), { once: true });
  try {
    image.src = await address;
  } catch {
    image.src = "icon.svg"; // one missing picture is no reason to hide the rest
  }
}

function showConfidence(meter, confidence) {
  meter.value = confidence;
  meter.setAttribute("aria-label", `${percent(confidence)} sure that it is the same kind of thing`);
}

function percent(fraction) {
  return `${Math.round(fraction * 100)} %`;
}

function showLink(link, url, title) {
  if (url && /^https?:\/\//.test(url)) {
    link.href = url;
    link.setAttribute("aria-label", `${title} in the shop (opens a new tab)`);
  } else {
    link.remove();
  }
}

function price({ price: amount, currency }) {
  if (typeof amount !== "number") return "";
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return amount.toFixed(2); // no currency given, or one that is none
  }
}

/** Chips for categories and colours that were found or are chosen. Returns how many facets have any. */
export function renderChips(place, neighbours, chosen, onChange) {
  const groups = FACETS.map((facet) => [facet, labelsOf(neighbours, chosen, facet)]).filter(([, labels]) => labels.length > 1);
  const focused = document.activeElement?.dataset?.label;
  place.replaceChildren(...groups.map(([facet, labels]) => group(facet, labels, chosen, onChange)));
  if (focused) place.querySelector(`[data-label="${CSS.escape(focused)}"]`)?.focus();
  return groups.length;
}

function labelsOf(neighbours, chosen, facet) {
  const found = neighbours.flatMap(({ item }) => [`category:${item.category}`, ...item.labels]);
  const own = found.filter((label) => label.startsWith(`${facet}:`));
  return [...new Set([...own, ...(chosen.get(facet) ?? [])])].sort();
}

function group(facet, labels, chosen, onChange) {
  const box = document.createElement("div");
  box.className = "chip-row";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", facet);
  box.append(...labels.map((label) => chip(facet, label, chosen, onChange)));
  return box;
}

function chip(facet, label, chosen, onChange) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  button.dataset.label = label;
  button.textContent = valueOf(label).replaceAll("-", " ");
  button.setAttribute("aria-pressed", String(chosen.get(facet)?.has(label) ?? false));
  button.addEventListener("click", () => {
    const labels = chosen.get(facet) ?? new Set();
    if (!labels.delete(label)) labels.add(label);
    chosen.set(facet, labels);
    button.setAttribute("aria-pressed", String(labels.has(label)));
    onChange();
  });
  return button;
}

function valueOf(label) {
  return label.slice(label.indexOf(":") + 1);
}

export function renderTiming(place, timing, model) {
  const parts = timing.map(([stage, took]) => `${stage} ${took.toFixed(took < 10 ? 1 : 0)} ms`);
  place.textContent = [...parts, model].join(" · ");
}
