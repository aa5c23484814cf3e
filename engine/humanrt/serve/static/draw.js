// A result in Human's JSON, drawn on a canvas over its picture, with the rules of the library's drawing.

import { placeLabels } from "./labels.js";
import { contours, edges } from "./mesh.js";

const PEOPLE = [
  [173, 216, 230], [255, 183, 77], [144, 238, 144], [255, 158, 176], [197, 170, 255], [255, 238, 120],
  [72, 224, 208], [255, 138, 101], [190, 225, 80], [130, 177, 255], [255, 140, 225], [222, 190, 150],
];
const OBJECT = [221, 160, 221], GAZE = [255, 192, 203];
const SHADOW = "rgb(24 24 24 / 0.75)";
const LEAST_MESH = 110, LEAST_CONTOURS = 44, FAINT = 280, ALPHA = 0.5;
const FINGERS = ["thumb", "index", "middle", "ring", "pinky"];
const IRISES = [468, 473];

const css = ([r, g, b], alpha = 1) => `rgb(${r} ${g} ${b} / ${alpha})`;
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const drawable = (box) => box.every(Number.isFinite) && box[2] > 0 && box[3] > 0;
const percent = (score) => `${Math.round(100 * score)}%`;

// `scale` is CSS pixels by pixels of the picture; `layers` are the names of what is drawn.
export function drawResult(context, result, scale, layers) {
  new Canvas(context, result, scale, layers).draw();
}

// The colour of each record: that of its person.
export function colorsOf(result) {
  const owners = new Map(result.face.map((face) => [`face${face.id}`, face.id]));
  for (const { face, body, hands } of result.persons) {
    if (body) owners.set(`body${body.id}`, face.id);
    for (const hand of [hands?.left, hands?.right]) if (hand) owners.set(`hand${hand.id}`, face.id);
  }
  let free = Math.max(-1, ...owners.values());
  for (const kind of ["body", "hand"]) {
    for (const each of result[kind]) if (!owners.has(kind + each.id)) owners.set(kind + each.id, ++free);
  }
  return new Map([...owners].map(([part, owner]) => [part, PEOPLE[owner % PEOPLE.length]]));
}

class Canvas {
  constructor(context, result, scale, layers) {
    this.context = context;
    this.result = result;
    this.scale = scale;
    this.layers = layers;
    this.size = [Math.floor(result.width * scale), Math.floor(result.height * scale)];
    this.line = Math.max(1.5, Math.min(...this.size) / 400);
    const side = Math.sqrt(this.size[0] * this.size[1]);
    const heights = result.face.filter((face) => drawable(face.box)).map((face) => face.box[3] * scale);
    const limit = heights.length ? 0.3 * median(heights) : side;
    this.type = Math.round(Math.max(11, 0.008 * side, Math.min(0.022 * side, limit)));
    this.colors = colorsOf(result);
    this.owned = new Set();
    for (const { body, hands } of result.persons) {
      if (body) this.owned.add(`body${body.id}`);
      for (const hand of [hands?.left, hands?.right]) if (hand) this.owned.add(`hand${hand.id}`);
    }
    this.faces = layers.has("face") ? result.face.filter((face) => drawable(face.box)).map((f) => this.visible(f.box)) : [];
    this.labels = [];
    context.lineJoin = context.lineCap = "round";
  }

  draw() {
    if (this.layers.has("object")) this.drawObjects();
    if (this.layers.has("body")) this.drawBodies();
    if (this.layers.has("hand")) this.drawHands();
    if (this.layers.has("face")) this.drawFaces();
    if (this.layers.has("gesture")) this.drawGestures();
    this.drawLabels();
  }

  color(kind, id) {
    return this.colors.get(kind + id) ?? OBJECT;
  }

  visible(box) {
    const [x, y, w, h] = box.map((value) => value * this.scale);
    return [
      Math.max(0, Math.floor(x)), Math.max(0, Math.floor(y)),
      Math.min(this.size[0], Math.ceil(x + w)), Math.min(this.size[1], Math.ceil(y + h)),
    ];
  }

  stroke(path, color, width = this.line, shadow = true) {
    if (shadow) {
      this.context.strokeStyle = SHADOW;
      this.context.lineWidth = width + 2;
      this.context.stroke(path);
    }
    this.context.strokeStyle = color;
    this.context.lineWidth = width;
    this.context.stroke(path);
  }

  lines(points, color, options = {}) {
    const path = new Path2D();
    points.forEach(([x, y], i) => path[i ? "lineTo" : "moveTo"](x * this.scale, y * this.scale));
    if (options.closed) path.closePath();
    this.stroke(path, color, options.width, options.shadow);
  }

  box(box, color) {
    if (!drawable(box)) return;
    const [x, y, w, h] = box.map((value) => value * this.scale);
    const path = new Path2D();
    path.roundRect(x, y, w, h, Math.min(4 * this.line, Math.min(w, h) / 4));
    this.stroke(path, css(color));
  }

  dots(points, color) {
    const finite = points.filter((point) => point.slice(0, 2).every(Number.isFinite));
    if (!finite.length) return;
    const [xs, ys] = [0, 1].map((axis) => finite.map((point) => point[axis] * this.scale));
    const side = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
    const radius = finite.length > 1 ? Math.min(1.6 * this.line, side / 30) : 1.6 * this.line;
    if (radius < 0.6) return;
    finite.forEach((_, i) => {
      for (const [r, fill] of [[radius + 1, SHADOW], [radius, css(color)]]) {
        this.context.fillStyle = fill;
        this.context.beginPath();
        this.context.arc(xs[i], ys[i], r, 0, 2 * Math.PI);
        this.context.fill();
      }
    });
  }

  label(texts, box, color, options) {
    const size = options.rank < 2 ? this.type : Math.max(10, Math.round(0.85 * this.type));
    const font = `550 ${size}px system-ui, sans-serif`;
    this.context.font = font;
    const measured = texts.filter((lines) => lines.length && lines.some(Boolean)).map((lines) => ({
      lines, size, font,
      width: Math.ceil(Math.max(...lines.map((line) => this.context.measureText(line).width)) + 0.72 * size),
      height: Math.ceil(1.36 * size) + (lines.length - 1) * Math.round(1.25 * size),
    }));
    const visible = this.visible(box);
    if (!measured.length || visible[0] > visible[2] || visible[1] > visible[3]) return;
    const reach = options.apart
      ? Math.max(4 * 1.25 * size, visible[2] - visible[0], visible[3] - visible[1]) : 0;
    this.labels.push({ beside: false, onFaces: false, ...options, texts: measured, box: visible, reach, color });
  }

  drawLabels() {
    if (!this.layers.has("labels") || !this.labels.length) return;
    const placed = placeLabels(this.labels, this.faces, this.size);
    for (const { number, tie } of placed) {
      if (!tie) continue;
      const path = new Path2D();
      path.moveTo(...tie[0]);
      path.lineTo(...tie[1]);
      this.stroke(path, css(this.labels[number].color), 1);
    }
    for (const { number, text, corners } of placed) {
      const [left, top, right, bottom] = corners;
      this.context.fillStyle = SHADOW;
      this.context.beginPath();
      this.context.roundRect(left, top, right - left, bottom - top, text.size / 4);
      this.context.fill();
      this.context.font = text.font;
      this.context.fillStyle = css(this.labels[number].color);
      text.lines.forEach((line, i) => {
        this.context.fillText(line, left + 0.36 * text.size, top + 1.02 * text.size + i * Math.round(1.25 * text.size));
      });
    }
    this.context.canvas.dataset.labels = String(placed.length);
  }

  drawFaces() {
    const { result } = this;
    for (const face of result.face) {
      const color = this.color("face", face.id);
      if (this.layers.has("mesh") && face.mesh?.length >= 468) this.drawMesh(face, color);
      if (!drawable(face.box)) continue;
      this.box(face.box, color);
      this.label(faceTexts(face, result.face.length > 1), face.box, color, { rank: 0, apart: true, onFaces: true });
    }
  }

  drawMesh(face, color) {
    const points = face.mesh, { context, scale } = this;
    const xs = points.map((point) => point[0] * scale), ys = points.map((point) => point[1] * scale);
    const side = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
    if (side >= LEAST_MESH) {
      const path = new Path2D();
      for (const [a, b] of edges) {
        path.moveTo(xs[a], ys[a]);
        path.lineTo(xs[b], ys[b]);
      }
      this.stroke(path, css(color, ALPHA * Math.min(1, side / FAINT)), Math.max(0.6, side / 500), false);
    }
    if (side < LEAST_CONTOURS) return;
    const options = { width: Math.max(1, side / 250), shadow: false };
    for (const contour of contours) this.lines(contour.map((i) => points[i]), css(color), options);
    if (points.length < 478) return;
    for (const iris of IRISES) {
      const rx = Math.abs(xs[iris + 1] - xs[iris + 3]) / 2, ry = Math.abs(ys[iris + 2] - ys[iris + 4]) / 2;
      const path = new Path2D();
      path.ellipse(xs[iris], ys[iris], rx, ry, 0, 0, 2 * Math.PI);
      this.stroke(path, css(color), options.width, false);
      const gaze = face.rotation?.gaze;
      if (!gaze?.strength) continue;
      const [, , width, height] = face.box;
      const start = points[iris];
      const end = [
        start[0] + Math.sin(gaze.bearing) * gaze.strength * height,
        start[1] + Math.cos(gaze.bearing) * gaze.strength * width,
      ];
      this.lines(arrow(start, end, 0.06 * Math.max(width, height)), css(GAZE), { width: Math.max(1, side / 150), shadow: false });
    }
    context.globalAlpha = 1;
  }

  drawBodies() {
    for (const body of this.result.body) {
      if (!body.keypoints.length) continue;
      const color = this.color("body", body.id);
      this.box(body.box, color);
      for (const limbs of Object.values(body.annotations)) {
        for (const limb of limbs) if (limb.length > 1) this.lines(limb, css(color));
      }
      this.dots(body.keypoints.map((keypoint) => keypoint.position), color);
      if (!this.owned.has(`body${body.id}`)) this.label([[`body ${percent(body.score)}`]], body.box, color, { rank: 1 });
    }
  }

  drawHands() {
    for (const hand of this.result.hand) {
      const color = this.color("hand", hand.id);
      this.box(hand.box, color);
      for (const finger of FINGERS) if (hand.annotations[finger]?.length > 1) this.lines(hand.annotations[finger], css(color));
      this.dots(hand.keypoints, color);
      if (!this.owned.has(`hand${hand.id}`)) {
        this.label([[`${hand.label} ${percent(hand.score)}`]], hand.box, color, { rank: 1 });
      }
    }
  }

  drawObjects() {
    for (const thing of this.result.object) {
      this.box(thing.box, OBJECT);
      this.label([[`${thing.label} ${percent(thing.score)}`], [thing.label]], thing.box, OBJECT, { rank: 1 });
    }
  }

  drawGestures() {
    const { result } = this, owners = new Map(), boxes = new Map(), lists = new Map();
    for (const face of result.face) owners.set(`iris${face.id}`, `face${face.id}`);
    for (const { face, body, hands } of result.persons) {
      if (body) owners.set(`body${body.id}`, `face${face.id}`);
      for (const hand of [hands?.left, hands?.right]) if (hand) owners.set(`hand${hand.id}`, `face${face.id}`);
    }
    for (const kind of ["face", "body", "hand"]) for (const each of result[kind]) boxes.set(kind + each.id, each.box);
    for (const { gesture, ...part } of result.gesture) {
      const [[kind, id]] = Object.entries(part);
      const owner = owners.get(kind + id) ?? kind + id;
      lists.set(owner, [...(lists.get(owner) ?? []), gesture]);
    }
    const alone = result.face.length <= 1;
    for (const [owner, gestures] of lists) {
      const box = boxes.get(owner);
      if (!box || !drawable(box)) continue;
      const lines = [...new Set(gestures)];
      const texts = [lines];
      for (const count of [3, 1]) if (lines.length > count + 1) texts.push([...lines.slice(0, count), `+${lines.length - count}`]);
      const color = this.colors.get(owner) ?? OBJECT;
      this.label(texts, box, color, { rank: 2, beside: true, apart: alone, onFaces: alone });
    }
  }
}

function arrow(start, end, head) {
  const dx = end[0] - start[0], dy = end[1] - start[1], length = Math.hypot(dx, dy);
  if (!length) return [start];
  const size = Math.min(head, length / 2) / length, fx = dx * size, fy = dy * size;
  return [start, end, [end[0] - fx - fy / 2, end[1] - fy + fx / 2], end, [end[0] - fx + fy / 2, end[1] - fy - fx / 2]];
}

export function faceTexts(face, numbered) {
  const words = face.gender && face.gender !== "unknown" ? [face.gender] : [];
  const hasAge = Number.isFinite(face.age);
  if (hasAge && !words.length) words.push("age");
  if (hasAge) words.push(String(Math.round(face.age)));
  const emotion = (face.emotion ?? []).slice(0, 1).map((each) => each.emotion);
  const number = numbered ? [`#${face.id}`] : [];
  const head = [...number, ...words].join(" ");
  let texts = [[head, ...emotion].filter(Boolean).join(", "), head];
  if (!words.length && !emotion.length) texts = [[...number, percent(face.score)].join(" ")];
  texts.push(...number);
  return [...new Set(texts)].filter(Boolean).map((text) => [text]);
}
