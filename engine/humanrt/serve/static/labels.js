// Places for labels: beside their boxes, off the faces and off each other.
// The same algorithm and figures as drawing/labels.py of the library; rectangles are left, top, right, bottom.

const COVERED = 0.08, SPACE = 0.12, TIED = 0.6, ROUNDS = 5;
const SHORTER = 2.0, SHIFTED = 0.2, INSIDE = 1.0, AMBIGUOUS = 2.0, IN_MIDDLE = 6.0;
const SIDES = [0.0, 0.3, 0.5], SIDES_IF_BESIDE = [0.8, 1.0, 0.0], BORDER = 0.2;

const overlap = (a, b) =>
  Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
const distances = (a, b) => [
  Math.max(0, b[0] - a[2], a[0] - b[2]),
  Math.max(0, b[1] - a[3], a[1] - b[3]),
];
const space = (text) => Math.max(1, Math.round((SPACE * text.height) / text.lines.length));

function aligned(box, text) {
  const [left, top, right, bottom] = box, { width, height } = text, gap = space(text);
  return [
    [left, right - width, Math.floor((left + right - width) / 2), left - width - gap, right + gap],
    [top - height - gap, bottom + gap, top, bottom - height, Math.floor((top + bottom - height) / 2)],
  ];
}

// Labels have texts ({lines, width, height}, the preferred first), box, reach, rank, beside and onFaces.
export function placeLabels(labels, faces, size) {
  const first = Math.min(...labels.map((label) => label.rank));
  const everyone = new Set(labels.map((_, i) => i).filter((i) => labels[i].rank === first));
  const count = (placed) => placed.filter((each) => everyone.has(each.number)).length;
  let best = null;
  const urgent = new Set(), shortened = new Set();
  for (let round = 0; round < ROUNDS; round++) {
    const placed = new Plan(faces, size).fill(labels, urgent, shortened);
    if (best === null || count(placed) > count(best)) best = placed;
    const found = new Set(placed.map((each) => each.number));
    const dropped = [...everyone].filter((i) => !found.has(i));
    if (!dropped.length) break;
    if (dropped.every((i) => urgent.has(i)) && [...everyone].every((i) => shortened.has(i))) break;
    for (const i of dropped) urgent.add(i);
    const windows = dropped.map((i) => grown(labels[i].box, labels[i].reach));
    let near = labels.map((_, i) => i).filter((i) => windows.some((w) => overlap(labels[i].box, w) > 0));
    if (near.every((i) => shortened.has(i))) near = [...everyone];
    for (const i of near) shortened.add(i);
  }
  return best ?? [];
}

const grown = (box, by) => [box[0] - by, box[1] - by, box[2] + by, box[3] + by];

class Plan {
  constructor(faces, size) {
    this.faces = faces;
    this.size = size;
    this.budget = faces.map((face) => COVERED * overlap(face, face));
    this.middles = faces.map(([left, top, right, bottom]) => {
      const across = Math.round(BORDER * (right - left)), down = Math.round(BORDER * (bottom - top));
      return [left + across, top + down, right - across, bottom - down];
    });
    this.taken = [];
  }

  fill(labels, urgent, shortened) {
    const freedom = labels.map((label) => this.free(...aligned(label.box, label.texts[0]), label.texts[0], this.faces).length);
    const order = labels.map((_, i) => i).sort(
      (a, b) => labels[a].rank - labels[b].rank || urgent.has(b) - urgent.has(a) || freedom[a] - freedom[b] || a - b,
    );
    const placed = [];
    for (const i of order) {
      const label = labels[i];
      const found = this.place(label, shortened.has(i) ? label.texts.slice(-1) : label.texts);
      if (!found) continue;
      const [text, corners] = found;
      placed.push({ number: i, text, corners, tie: tie(label.box, text, corners) });
      this.budget = this.budget.map((left, k) => left - overlap(corners, this.faces[k]));
      this.taken.push(grown(corners, space(text)));
    }
    return placed;
  }

  place(label, texts) {
    const searches = [[this.adjoining, texts]];
    if (label.reach) searches.push([this.corners, texts.slice(-1)]);
    if (label.onFaces) searches.push([this.onFaces, texts]);
    for (const [search, choice] of searches) {
      let best = null;
      choice.forEach((text, i) => {
        for (const place of search.call(this, label, text)) {
          const cost = this.cost(label, text, place) + SHORTER * i;
          if (best === null || cost < best[0]) best = [cost, text, place];
        }
      });
      if (best) return best.slice(1);
    }
    return null;
  }

  adjoining(label, text) {
    const places = this.free(...aligned(label.box, text), text, [...this.faces, ...this.taken]).filter((place) => {
      const [x, y] = distances(place, label.box);
      return Math.max(x, y) <= space(text) && Math.min(x, y) === 0;
    });
    return label.reach ? places : places.filter((place) => !this.ambiguous(label, place));
  }

  corners(label, text) {
    const window = grown(label.box, label.reach);
    const wide = [window[0] - text.width, window[1] - text.height, window[2] + text.width, window[3] + text.height];
    const obstacles = [...this.faces, ...this.taken].filter((each) => overlap(wide, each) > 0);
    const [across, down] = aligned(label.box, text);
    across.push(0, this.size[0] - text.width, window[0] - text.width);
    down.push(0, this.size[1] - text.height, window[1] - text.height);
    for (const each of obstacles) {
      across.push(each[2], each[0] - text.width);
      down.push(each[3], each[1] - text.height);
    }
    return this.free(across, down, text, obstacles).filter((place) => Math.max(...distances(place, label.box)) <= label.reach);
  }

  onFaces(label, text) {
    const [across, down] = aligned(label.box, text);
    across.push(0, this.size[0] - text.width);
    down.push(0, this.size[1] - text.height);
    return this.free(across, down, text, this.taken).filter(
      (place) =>
        Math.max(...distances(place, label.box)) <= label.reach &&
        this.faces.every((face, k) => overlap(place, face) <= Math.max(this.budget[k], 0)),
    );
  }

  free(across, down, text, obstacles) {
    const unique = (values, limit) => [...new Set(values)].filter((v) => v >= 0 && v <= limit).sort((a, b) => a - b);
    const places = [];
    for (const y of unique(down, this.size[1] - text.height)) {
      for (const x of unique(across, this.size[0] - text.width)) {
        const place = [x, y, x + text.width, y + text.height];
        if (!obstacles.some((o) => x < o[2] && place[2] > o[0] && y < o[3] && place[3] > o[1])) places.push(place);
      }
    }
    return places;
  }

  ambiguous(label, place) {
    const own = Math.hypot(...distances(place, label.box));
    return this.faces.some((f) => f.some((v, k) => v !== label.box[k]) && Math.hypot(...distances(place, f)) <= own);
  }

  cost(label, text, place) {
    const [left, top, , bottom] = label.box;
    const line = text.height / text.lines.length;
    const [above, below, beside] = label.beside ? SIDES_IF_BESIDE : SIDES;
    const side = place[3] <= top ? above : place[1] >= bottom ? below : beside;
    const middles = this.middles.reduce((sum, each) => sum + overlap(place, each), 0);
    return (
      Math.hypot(...distances(place, label.box)) / line + side +
      SHIFTED * Math.min(1, Math.abs(place[0] - left) / text.width) +
      INSIDE * (overlap(place, label.box) > 0) +
      AMBIGUOUS * this.ambiguous(label, place) +
      (IN_MIDDLE * middles) / (text.width * text.height)
    );
  }
}

function tie(box, text, corners) {
  const nearest = (low, high, otherLow, otherHigh) => {
    if (high < otherLow) return [high, otherLow];
    if (otherHigh < low) return [low, otherHigh];
    const middle = Math.floor((Math.max(low, otherLow) + Math.min(high, otherHigh)) / 2);
    return [middle, middle];
  };
  const [x, nearX] = nearest(corners[0], corners[2], box[0], box[2]);
  const [y, nearY] = nearest(corners[1], corners[3], box[1], box[3]);
  const apart = Math.max(Math.abs(x - nearX), Math.abs(y - nearY)) > (TIED * text.height) / text.lines.length;
  return apart ? [[x, y], [nearX, nearY]] : null;
}
