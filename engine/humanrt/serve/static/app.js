// The page: a picture or a webcam in, detections drawn over it.

import { drawResult } from "./draw.js";

const $ = (id) => document.getElementById(id);
const state = {
  view: "detect", // detect, segment or styles
  file: null, // the picture that was chosen
  result: null, // in Human's JSON
  request: null, // the AbortController of the request in flight
  camera: null, // {stream, socket} while the webcam runs
  token: sessionStorage.getItem("token") ?? "",
  model: "", // that segments
  classes: [], // that its model card names
  styles: [],
  gallery: null, // the file that the gallery shows
};
const MODULES = ["face", "body", "hand", "gesture", "object", "segmentation"];
const WEBCAM = { width: 640, quality: 0.8 };

class Failure extends Error {
  constructor(title, detail) {
    super(detail);
    this.title = title;
  }
}

// ---- requests

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (state.token) headers.Authorization = `Bearer ${state.token}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("No connection", "The service did not answer. Is it running?");
  }
  if (response.status === 401) {
    await askToken();
    return ask(path, options);
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Failure(problem.title ?? `Error ${response.status}`, problem.detail ?? "The service gave no reason.");
  }
  return response;
}

function askToken() {
  const dialog = $("token-dialog");
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      state.token = $("token").value;
      sessionStorage.setItem("token", state.token);
      resolve();
    }, { once: true });
  });
}

function chosen() {
  return [...document.querySelectorAll("#toggles input:checked")].map((input) => input.value);
}

function options() {
  if (state.view === "segment") return { modules: "body,segmentation" };
  const modules = chosen().filter((name) => MODULES.includes(name));
  const faces = Number($("max-faces").value);
  return { modules: modules.join(","), ...(faces >= 1 && faces <= 100 ? { max_faces: String(faces) } : {}) };
}

async function detect() {
  if (!state.file || state.camera) return;
  state.request?.abort();
  const request = (state.request = new AbortController());
  const started = performance.now();
  showState("Detecting …", true);
  try {
    const body = new FormData();
    body.append("image", state.file);
    const query = new URLSearchParams({ form: "human", ...options() });
    const response = await ask(`/v1/detect?${query}`, { method: "POST", body, signal: request.signal });
    const result = await response.json();
    if (request !== state.request) return;
    hideError();
    showResult(result, performance.now() - started);
    showState("");
    document.body.dataset.done = String(Number(document.body.dataset.done ?? 0) + 1);
    await showStatus();
  } catch (error) {
    if (error.name === "AbortError") return;
    state.result = null;
    draw();
    showState("");
    showError(error);
  }
}

async function showStatus() {
  const status = await (await ask("/v1/status")).json();
  $("tensors").textContent = status.tensors;
  state.model = status.segmentation_model;
  state.classes = status.segmentation_classes;
  state.styles = status.styles;
  return status;
}

// ---- what is shown

function showState(text, busy = false) {
  $("state").textContent = text;
  $("state").classList.toggle("busy", busy);
}

function showError(error) {
  $("error").hidden = false;
  $("error").querySelector("strong").textContent = error.title ?? "Error";
  $("error").querySelector("span").textContent = error.message;
}

function hideError() {
  $("error").hidden = true;
}

function showFrame(isVideo) {
  $("empty").hidden = true;
  $("stage").classList.remove("empty-stage");
  $("frame").hidden = false;
  $("picture").hidden = isVideo;
  $("video").hidden = !isVideo;
}

function showResult(result, milliseconds) {
  state.result = result;
  $("total").textContent = `${Math.round(milliseconds)} ms`;
  if (!state.camera) $("rate").textContent = `${result.width} × ${result.height}`;
  $("summary").textContent = summary(result);
  $("json").textContent = JSON.stringify(result, shorten, 2);
  const times = Object.entries(result.performance ?? {}).filter(([, value]) => value >= 0.5);
  const longest = Math.max(1, ...times.map(([, value]) => value));
  $("timings").replaceChildren(...times.map(([name, value]) => {
    const item = document.createElement("li"), meter = document.createElement("meter"), time = document.createElement("span");
    time.textContent = `${Math.round(value)} ms`;
    meter.max = longest;
    meter.value = value;
    meter.setAttribute("aria-hidden", "true");
    item.append(name, meter, time);
    return item;
  }));
  showSegments();
  draw();
}

function summary(result) {
  const count = (list, noun, plural = `${noun}s`) => (list.length ? [`${list.length} ${list.length === 1 ? noun : plural}`] : []);
  const parts = [
    ...count(result.face, "face"), ...count(result.body.filter((body) => body.keypoints.length), "body", "bodies"),
    ...count(result.hand, "hand"), ...count(result.object, "object"), ...count(result.segmentation?.legend ?? [], "segment"),
  ];
  return (parts.join(", ") || "Nothing was found.") + (result.error ? ` (${result.error})` : "");
}

// Long lists of numbers and pictures are shortened in the panel.
function shorten(key, value) {
  if (key === "png" || key === "instances_png") return `${value.length} characters of base64`;
  if (["mesh", "meshRaw", "embedding"].includes(key) && value?.length) return `${value.length} values`;
  if (key === "annotations" && value) return `${Object.keys(value).length} groups of points`;
  if (Array.isArray(value) && value.length && value.every((each) => typeof each === "number")) return value.map((each) => Math.round(each * 1000) / 1000).join(", ");
  return typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
}

function showSegments() {
  const segmentation = state.result?.segmentation;
  const isShown = Boolean(segmentation) && (state.view === "segment" || chosen().includes("segmentation"));
  $("segments").hidden = $("mask").hidden = !isShown;
  if (!isShown) return;
  const kind = document.querySelector('input[name="mask"]:checked').value;
  $("mask").src = `data:image/png;base64,${segmentation[kind]}`;
  const all = state.result.width * state.result.height;
  const rows = kind === "png"
    ? segmentation.legend.map((each) => [each.name, each.color, each.area])
    : segmentation.instances.map((each) => [`person ${each.instance}`, each.color, each.area]);
  $("legend").replaceChildren(...rows.map(([name, color, area]) => {
    const item = document.createElement("li"), share = document.createElement("span");
    share.className = "share";
    const percent = (100 * area) / all;
    share.textContent = `${percent < 0.1 ? "< 0.1" : percent.toFixed(1)} %`;
    item.append(swatch(color), name, share);
    return item;
  }));
  if (!rows.length) $("legend").textContent = "Nothing was found.";
  $("segment-model").textContent = `Model: ${state.model}. ` + (state.classes.length
    ? `Its classes: ${state.classes.join(", ")}.`
    : "A model for human parsing (hair, clothes, limbs) is given by a model card.");
}

function swatch([red, green, blue]) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ width: 16, height: 16, rx: 4, fill: `rgb(${red} ${green} ${blue})` })) {
    rect.setAttribute(name, value);
  }
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.append(rect);
  return svg;
}

function draw() {
  const overlay = $("overlay"), { result } = state;
  const media = state.camera ? $("video") : $("picture");
  const width = media.clientWidth, height = media.clientHeight, dense = window.devicePixelRatio || 1;
  overlay.width = Math.round(width * dense);
  overlay.height = Math.round(height * dense);
  overlay.dataset.drawn = "";
  if (!result || !width) return;
  const context = overlay.getContext("2d");
  context.scale(dense, dense);
  const layers = state.view === "segment" ? new Set() : new Set(chosen());
  drawResult(context, result, width / result.width, layers);
  overlay.dataset.drawn = [...layers].join(" ");
}

// ---- pictures

function take(file) {
  if (!file) return;
  stopCamera();
  hideError();
  state.file = file;
  state.result = null;
  URL.revokeObjectURL($("picture").src);
  $("picture").src = URL.createObjectURL(file);
  $("mask").hidden = true;
  showFrame(false);
  draw();
  if (state.view === "styles") showGallery();
  else detect();
}

async function showGallery() {
  const { file } = state;
  if (!file || state.gallery === file) return;
  state.gallery = file;
  $("gallery-hint").hidden = true;
  const original = figure("original", null);
  const frames = state.styles.map((name) => [name, figure(name, name)]);
  for (const image of $("gallery").querySelectorAll("img")) URL.revokeObjectURL(image.src);
  $("gallery").replaceChildren(original.element, ...frames.map(([, each]) => each.element));
  original.show(file);
  showState("Painting …", true);
  try {
    for (const [name, each] of frames) {
      const body = new FormData();
      body.append("image", file);
      const response = await ask(`/v1/style/${name}?form=jpeg`, { method: "POST", body });
      const picture = await response.blob();
      if (state.gallery !== file) return;
      each.show(picture);
    }
    hideError();
    showState("");
  } catch (error) {
    if (state.gallery !== file) return;
    state.gallery = null;
    showState("");
    showError(error);
  }
}

function figure(name, download) {
  const element = document.createElement("figure"), paper = document.createElement("div"), caption = document.createElement("figcaption");
  paper.className = "paper";
  paper.textContent = "…";
  caption.append(name);
  element.append(paper, caption);
  const show = (blob) => {
    const image = new Image();
    image.src = URL.createObjectURL(blob);
    image.alt = download ? `The picture in the style ${name}` : "The original picture";
    paper.replaceChildren(image);
    if (!download) return;
    const link = document.createElement("a");
    link.href = image.src;
    link.download = `${name}.jpg`;
    link.textContent = "Save";
    caption.append(link);
  };
  return { element, show };
}

// ---- the webcam

async function startCamera() {
  hideError();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: WEBCAM.width } }, audio: false });
    const protocols = state.token ? [`humanrt.token.${state.token}`, "humanrt"] : ["humanrt"];
    const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/v1/stream`, protocols);
    state.camera = { stream, socket, sent: 0, times: [] };
    socket.onopen = () => {
      sendOptions();
      sendFrame();
    };
    socket.onmessage = (event) => onFrame(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (state.camera?.socket !== socket) return;
      stopCamera();
      showError(new Failure("The stream ended", event.reason || "The service closed the connection."));
    };
    state.result = null;
    $("video").srcObject = stream;
    await $("video").play();
    showFrame(true);
    draw();
    $("camera").textContent = "Stop the webcam";
    $("camera").setAttribute("aria-pressed", "true");
    $("rate-name").textContent = "Rate";
  } catch (error) {
    stopCamera();
    const denied = error.name === "NotAllowedError";
    showError(new Failure("No webcam", denied ? "The browser was not allowed to use it." : error.message));
  }
}

function sendOptions() {
  const { socket } = state.camera ?? {};
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ form: "human", ...options() }));
}

// The next frame is sent when the result of the one before has come.
function sendFrame() {
  const { camera } = state, video = $("video");
  if (!camera || camera.socket.readyState !== WebSocket.OPEN) return;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  camera.sent = performance.now();
  canvas.toBlob((blob) => {
    if (blob && camera.socket.readyState === WebSocket.OPEN) camera.socket.send(blob);
    else setTimeout(sendFrame, 100); // the video has no frame yet
  }, "image/jpeg", WEBCAM.quality);
}

function onFrame(message) {
  const { camera } = state;
  if (!camera) return;
  const now = performance.now();
  if (message.problem) {
    showError(new Failure(message.problem.title, message.problem.detail));
    setTimeout(sendFrame, 1000);
    return;
  }
  camera.times = [...camera.times.slice(-9), now];
  const rate = camera.times.length > 1 ? (1000 * (camera.times.length - 1)) / (now - camera.times[0]) : 0;
  $("rate").textContent = rate ? `${rate.toFixed(1)} fps` : "–";
  $("tensors").textContent = message.tensors;
  hideError();
  showResult(message, now - camera.sent);
  document.body.dataset.frames = String(Number(document.body.dataset.frames ?? 0) + 1);
  setTimeout(sendFrame, 0);
}

function stopCamera() {
  const { camera } = state;
  if (!camera) return;
  state.camera = null;
  state.result = null;
  camera.socket.close();
  for (const track of camera.stream.getTracks()) track.stop();
  $("video").srcObject = null;
  $("camera").textContent = "Start the webcam";
  $("camera").setAttribute("aria-pressed", "false");
  $("rate-name").textContent = "Size";
  $("mask").hidden = true;
  draw();
  $("frame").hidden = !state.file;
  $("empty").hidden = Boolean(state.file);
  $("stage").classList.toggle("empty-stage", !state.file);
  $("picture").hidden = false;
  $("video").hidden = true;
}

// ---- views

function choose(view) {
  if (view === state.view) return;
  state.view = view;
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    const isChosen = tab.id === `tab-${view}`;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
  }
  $("view-detect").hidden = view === "styles";
  $("view-styles").hidden = view !== "styles";
  $("toggles").hidden = $("max-faces").parentElement.hidden = view === "segment";
  $("view-detect").setAttribute("aria-labelledby", `tab-${view === "segment" ? "segment" : "detect"}`);
  if (view === "styles") {
    stopCamera();
    showGallery();
  } else if (state.camera) sendOptions();
  else detect();
}

const tabs = [...document.querySelectorAll('[role="tab"]')];
for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab.id.slice(4)));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    choose(next.id.slice(4));
    next.focus();
  });
}

$("file").addEventListener("change", (event) => {
  take(event.target.files[0]);
  event.target.value = "";
});
$("camera").addEventListener("click", () => (state.camera ? stopCamera() : startCamera()));
$("error").querySelector("button").addEventListener("click", hideError);
$("picture").addEventListener("load", draw);
$("max-faces").addEventListener("change", () => (state.camera ? sendOptions() : detect()));
$("toggles").addEventListener("change", (event) => {
  if ("layer" in event.target.dataset) draw();
  else if (state.camera) sendOptions();
  else detect();
});
for (const input of document.querySelectorAll('input[name="mask"]')) input.addEventListener("change", showSegments);
document.addEventListener("paste", (event) => take([...event.clipboardData.files].find((file) => file.type.startsWith("image/"))));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("stage").classList.add("over");
});
document.addEventListener("dragleave", (event) => event.relatedTarget ?? $("stage").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("stage").classList.remove("over");
  take(event.dataTransfer.files[0]);
});
new ResizeObserver(draw).observe($("stage"));

$("stage").classList.add("empty-stage");
showState("Connecting …", true);
(async function connect() {
  try {
    const status = await showStatus();
    showState(status.ready ? "" : "The models are loading …", !status.ready);
    if (!status.ready) setTimeout(connect, 1000);
    else document.body.dataset.ready = "true";
  } catch (error) {
    showState("");
    showError(error);
  }
})();
