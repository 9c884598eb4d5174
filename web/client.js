// The API as the browser sees it: two-step uploads, search, problems as errors. No part of the page.

const BUSY = new Set([429, 503]);
const MOST_TRIES = 3;
const LONGEST_WAIT_S = 10;

/** What the API or the way to it has to complain about. `kind` is the problem's type, `code` a rejection's word. */
export class Problem extends Error {
  constructor(kind, message, { status = 0, code = null, field = null, retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { kind, status, code, field, retryAfter });
  }
}

export class Client {
  /** @param base URL of the API; `onWait(seconds)` hears of each pause before another try. */
  constructor(base, { token = null, onWait = () => {} } = {}) {
    this.base = base;
    this.token = token;
    this.onWait = onWait;
  }

  /** Brings a photo to search with in: asks for a form, posts its fields and the file. Returns the upload's id. */
  async upload(file, signal) {
    const ticket = await this.#json("POST", "v1/uploads", { content_type: mediaType(file) }, signal);
    if (file.size > ticket.form.max_bytes) {
      const most = Math.floor(ticket.form.max_bytes / 1e6);
      throw new Problem("photo-rejected", `The file is too large: at most ${most} MB.`, { code: "too_many_bytes" });
    }
    const form = new FormData();
    for (const [name, value] of Object.entries(ticket.form.fields)) form.append(name, value);
    form.append("file", file); // last: what follows the file is not read
    const address = this.#url(ticket.form.url);
    await this.#patiently(() => send(address, { method: "POST", body: form, signal }), signal);
    return ticket.upload;
  }

  /** Returns { neighbours, guess, model, timing }, where timing is [[stage, milliseconds], …]. */
  async search(body, signal) {
    const response = await this.#call("POST", "v1/search", body, signal);
    return { ...(await response.json()), timing: stages(response.headers.get("Server-Timing")) };
  }

  item(id, signal) {
    return this.#json("GET", `v1/items/${encodeURIComponent(id)}`, undefined, signal);
  }

  /** Where an <img> finds a thumbnail: its own address, or, as an <img> cannot send a token, a copy in memory. */
  async picture(path, signal) {
    if (!this.token) return this.#url(path);
    const response = await this.#call("GET", path, undefined, signal);
    return URL.createObjectURL(await response.blob());
  }

  async #json(method, path, body, signal) {
    return (await this.#call(method, path, body, signal)).json();
  }

  #call(method, path, body, signal) {
    const headers = {};
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const request = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
    return this.#patiently(() => send(this.#url(path), request), signal);
  }

  #url(path) {
    return new URL(path, this.base).href;
  }

  async #patiently(attempt, signal) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt();
      } catch (problem) {
        if (!BUSY.has(problem.status) || tries === MOST_TRIES) throw problem;
        const seconds = Math.min(problem.retryAfter ?? 1, LONGEST_WAIT_S);
        this.onWait(seconds);
        await pause(seconds, signal);
      }
    }
  }
}

async function send(url, request) {
  let response;
  try {
    response = await fetch(url, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("offline", navigator.onLine ? "The server does not answer." : "You are offline.");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  let told = {};
  try {
    told = await response.json();
  } catch {
    // Not one of ours: a gateway's page, say. Its status has to do.
  }
  const kind = String(told.type ?? "").split(":").pop() || "unknown";
  const retryAfter = Number.parseFloat(response.headers.get("Retry-After")) || null;
  const { detail = `The server answered ${response.status}.`, code, field } = told;
  return new Problem(kind, detail, { status: response.status, code, field, retryAfter });
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("no longer wanted", "AbortError"));
    });
  });
}

// Some systems name no type for HEIC and AVIF files; the bytes decide in the end.
function mediaType(file) {
  if (file.type.startsWith("image/") && file.type !== "image/svg+xml") return file.type.replace("image/jpg", "image/jpeg");
  const ending = file.name.toLowerCase().split(".").pop();
  const known = { heic: "image/heic", heif: "image/heif", avif: "image/avif", webp: "image/webp", tif: "image/tiff" };
  return known[ending] ?? "image/jpeg";
}

function stages(header) {
  const parts = (header ?? "").split(",").map((part) => /^\s*([\w-]+);dur=([\d.]+)/.exec(part));
  return parts.filter(Boolean).map(([, name, took]) => [name, Number.parseFloat(took)]);
}
