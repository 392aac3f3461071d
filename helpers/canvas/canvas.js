// The page of helpers.canvas: it draws, asks what the network makes of the drawing, and shows the
// answer. In a notebook the kernel answers, in docs/draw.html the script reader.js. Where the kernel
// counts drawings, as in helpers.canvas.collect, the page names them and has them kept instead.

const SIDE = 140; // pixels of the drawing that is sent, in both directions
const SHARP = 640; // pixels of the paper, in both directions: sharp on a phone too
const PEN = 0.085; // the pen's width, as a share of the paper
const STEP = 0.05; // what an arrow key moves the pen by; a fifth of it with Shift
const LATE = 3000; // milliseconds after which an answer is no longer waited for
const REST = 700; // milliseconds after which the hand rests, and the answer is spoken

const INVITATION = "Draw a digit.";
const EMPTY = "The paper is empty: draw a digit first.";
const NOTHING_MEANT = "Draw a digit first, then say which one you meant.";
const COUNTED = "This drawing is counted already. Your next stroke starts a new one.";
const TO_COLLECT = "Draw your sign, then press Keep.";
const NO_NAME = "Type a name first: what is it?";
const KEPT = "This drawing is kept already. Your next stroke starts a new one.";
const NONE_TO_UNDO = "There is nothing to undo. Drawings of earlier days are files: delete them there.";
const SILENT =
  "The kernel doesn't answer. If a cell is running, wait until it is done. If the kernel was restarted, " +
  "run the notebook again up to this cell.";
const KEYS =
  "Draw with the mouse, a pen or a finger. Keys, once the paper is selected: the arrows move the pen (with " +
  "Shift, by less), Space puts it down or lifts it, U undoes a stroke, C or Escape clears the paper.";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function element(parent, tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}

// As the figures write it: what would be rounded up to all of it is ">99%".
const percent = (share) => (share >= 0.995 ? ">99%" : `${Math.round(share * 100)}%`);

const times = (count) => (count === 1 ? "once" : `${count} times`);

// One or two sentences about the table of what was meant (rows) and read (columns).
function summary(confusion, names) {
  const cells = confusion.flatMap((counts, row) => counts.map((count, column) => ({ count, row, column })));
  const total = cells.reduce((sum, { count }) => sum + count, 0);
  const right = confusion.reduce((sum, counts, row) => sum + counts[row], 0);
  const wrong = cells.filter(({ row, column }) => row !== column);
  const most = wrong.reduce((best, cell) => (cell.count > best.count ? cell : best), { count: 0 });
  const worst = most.count
    ? ` Most often misread: ${names[most.row]} as ${names[most.column]}, ${times(most.count)}.`
    : "";
  return `Read as meant: ${right} of ${total}.${worst}`;
}

function render({ model, el }) {
  const { names = [], layers = [], folder, confusion, counts } = model.get("setup");
  const collecting = counts !== undefined;
  const digits = names.every((name) => /^\d$/.test(name));
  const invitation = collecting ? TO_COLLECT : digits ? INVITATION : `Draw one of these: ${names.join(", ")}.`;
  const root = element(el, "div", "", { class: "digit-canvas", "data-lm-suppress-shortcuts": "true" });

  // --- what is on the page ---
  const id = `digit-canvas-${Math.random().toString(36).slice(2)}`;
  const board = element(root, "div", "", { class: "board" });

  const left = element(board, "div", "", { class: "drawing" });
  const paper = element(left, "canvas", "", {
    class: "paper",
    width: SHARP,
    height: SHARP,
    tabindex: 0,
    role: "application",
    "aria-label": digits && !collecting ? "Paper to draw a digit on" : "Paper to draw on",
    "aria-describedby": id,
  });
  const undoButton = element(left, "button", "Undo", { type: "button" });
  const clearButton = element(left, "button", "Clear", { type: "button" });

  const middle = element(board, "div", "", { class: "reading" });
  const answer = element(middle, "p", invitation, { class: "answer", "aria-hidden": "true" });
  const spoken = element(middle, "p", "", { class: "spoken", "aria-live": "polite" });
  const figures = element(middle, "div", "", { class: "figures" });

  const chances = element(figures, "figure", "", { class: "chances" });
  element(chances, "figcaption", "Probabilities");
  const bars = element(chances, "table", "", { class: "bars" });
  const rows = names.map((name) => {
    const row = element(bars, "tr");
    element(row, "th", name, { scope: "row" });
    const bar = element(element(element(row, "td"), "span"), "i");
    return { row, bar, number: element(row, "td", "–") };
  });

  const sight = element(figures, "figure", "", { class: "sight" });
  element(sight, "figcaption", "What the model sees");
  const seen = element(sight, "canvas", "", { class: "pixels seen", role: "img", "aria-label": "Nothing yet" });

  const meaning = element(middle, "fieldset");
  element(meaning, "legend", collecting ? "What is it?" : "What did you mean?");
  const meantButtons = names.map((name, index) => {
    const button = element(meaning, "button", name, { type: "button", class: "meant" });
    button.addEventListener("click", () => mean(index));
    return button;
  });
  const sign = document.createElement("input");
  if (collecting) {
    element(meaning, "label", "Its name: ").append(sign);
    const keepButton = element(meaning, "button", "Keep", { type: "button" });
    keepButton.addEventListener("click", keepIt);
    sign.addEventListener("keydown", (event) => event.key === "Enter" && keepIt());
  }
  const keep = document.createElement("input");
  keep.type = "checkbox";
  if (folder && !collecting) {
    const choice = element(meaning, "label");
    choice.append(keep, ` and save the drawing in ${folder}`);
  }

  const hint = element(middle, "p", "", { class: "hint", "aria-hidden": "true" });

  const inside = element(board, "figure", "", { class: "inside" });
  element(inside, "figcaption", "Strongest feature maps");
  const maps = layers.map((layer) => {
    const part = element(inside, "div", "", { class: "layer" });
    element(part, "div", layer);
    return element(part, "div", "", {
      class: "maps",
      role: "img",
      "aria-label": `Feature maps of ${layer}: nothing yet`,
    });
  });

  if (collecting) for (const part of [chances, sight, inside]) part.remove();

  const room = element(root, "div");
  element(root, "p", KEYS, { id, class: "keys" });

  // --- drawing ---
  let strokes = []; // each a list of [x, y], as shares of the paper
  let drawing = 0; // the number of the drawing on the paper
  let chosen = null; // the class that this drawing was said to mean
  let pen = [0.5, 0.5];
  let down = false; // the keyboard's pen
  let pointer = null; // the id of the mouse, pen or finger that draws

  function ink(context, side) {
    context.clearRect(0, 0, side, side);
    context.lineWidth = PEN * side;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(stroke[0][0] * side, stroke[0][1] * side);
      for (const [x, y] of stroke) context.lineTo(x * side, y * side);
      context.stroke();
    }
  }

  function draw() {
    const context = paper.getContext("2d");
    ink(context, SHARP);
    if (document.activeElement !== paper || pointer !== null) return;
    context.save(); // the keyboard's pen: a ring, filled while it is down
    context.beginPath();
    context.arc(pen[0] * SHARP, pen[1] * SHARP, SHARP / 36, 0, 2 * Math.PI);
    context.lineWidth = SHARP / 110;
    context.strokeStyle = "#D55E00";
    context.fillStyle = down ? "#D55E00" : "white";
    context.fill();
    context.stroke();
    context.restore();
  }

  function changed() {
    draw();
    offer();
    if (strokes.length) later();
  }

  // A counted drawing stays to be discussed; the next stroke starts another one.
  function startStroke(point) {
    if (chosen !== null || !strokes.length) {
      strokes = [];
      chosen = null;
      drawing += 1;
      forget();
    }
    strokes.push([point]);
    changed();
  }

  function position(event) {
    const box = paper.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  paper.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button) return;
    event.preventDefault();
    paper.focus({ preventScroll: true });
    paper.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
    down = false;
    startStroke(position(event));
  });
  paper.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer || !strokes.length) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) strokes.at(-1).push(position(step));
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    paper.addEventListener(end, (event) => {
      if (event.pointerId === pointer) pointer = null;
    });
  }
  for (const change of ["focus", "blur"]) paper.addEventListener(change, draw);

  function undo() {
    if (collecting && (!strokes.length || chosen !== null)) return ask({ meant: "", undo: true });
    if (!strokes.length) return remark(EMPTY);
    if (chosen !== null || strokes.length === 1) return clear();
    strokes.pop();
    down = false;
    changed();
  }

  // The last answer stays until the next drawing begins.
  function clear() {
    if (!strokes.length) return remark(EMPTY);
    strokes = [];
    chosen = null;
    down = false;
    hint.textContent = lastReading ? `The last drawing was read as ${lastReading}.` : "";
    answer.textContent = invitation;
    say("The paper is empty");
    changed();
  }

  function toggle() {
    down = !down;
    say(down ? "Pen down" : "Pen up");
    if (down) startStroke(pen);
    else draw();
  }

  function move([x, y], small) {
    const step = small ? STEP / 5 : STEP;
    pen = [pen[0] + x * step, pen[1] + y * step].map((value) => Math.min(Math.max(value, 0), 1));
    if (down) {
      strokes.at(-1).push(pen);
      changed();
    } else draw();
  }

  undoButton.addEventListener("click", undo);
  clearButton.addEventListener("click", clear);
  paper.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) move(ARROWS[event.key], event.shiftKey);
    else if (event.key === " ") event.repeat || toggle();
    else if (event.key.toLowerCase() === "u") undo();
    else if (event.key.toLowerCase() === "c" || event.key === "Escape") clear();
    else return;
    event.preventDefault();
  });
  root.addEventListener("keydown", (event) => event.key === "Tab" || event.stopPropagation());

  // --- asking: one question at a time, and of the drawings nobody has named only the newest ---
  let asked = 0; // when the question was sent that has no answer yet
  let alarm = null; // goes off when that answer is late
  let scheduled = false;
  const queue = []; // what to ask next

  function later() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      if (strokes.length && chosen === null && !collecting) ask();
    });
  }

  function mean(index) {
    if (!strokes.length) return remark(NOTHING_MEANT);
    if (chosen !== null) return remark(COUNTED);
    chosen = index;
    down = false;
    draw();
    offer();
    ask({ meant: index, keep: keep.checked });
  }

  function keepIt() {
    if (!strokes.length) return remark(TO_COLLECT);
    if (chosen !== null) return remark(KEPT);
    if (!sign.value.trim()) return remark(NO_NAME);
    mean(sign.value.trim());
  }

  function ask(more = {}) {
    if (queue.length && !("meant" in queue.at(-1).question)) queue.pop();
    queue.push({ question: { drawing: `${id}-${drawing}`, shape: [SIDE, SIDE], ...more }, pixels: inkPixels() });
    askNext();
  }

  function inkPixels() {
    const small = document.createElement("canvas");
    small.width = small.height = SIDE;
    const context = small.getContext("2d");
    ink(context, SIDE);
    const opacity = context.getImageData(0, 0, SIDE, SIDE).data.filter((_, place) => place % 4 === 3);
    return new Uint8Array(opacity).buffer;
  }

  function askNext() {
    if (!queue.length || asked) return;
    const { question, pixels } = queue.shift();
    asked = Date.now();
    alarm = setTimeout(giveUp, LATE);
    try {
      model.send(question, undefined, [pixels]);
    } catch {
      giveUp(); // the connection to the kernel is gone
    }
  }

  // The kernel counts each drawing once, so that it may be named again.
  function giveUp() {
    clearTimeout(alarm);
    asked = 0;
    queue.length = 0;
    chosen = null;
    offer();
    remark(SILENT);
  }

  model.on("msg:custom", (message, buffers) => {
    clearTimeout(alarm);
    asked = 0;
    if (message.confusion) showRoom(message.confusion);
    if (message.counts) showCounts(message.counts);
    if (message.undone !== undefined) takenBack(message.undone);
    else if (message.drawing === `${id}-${drawing}` && strokes.length) {
      if (message.problem) refuse(message);
      else if (collecting) remark(`Kept as ${message.saved}. Your next stroke starts a new drawing.`);
      else tell(message, buffers);
    }
    askNext();
  });

  // --- showing the answer ---
  let speech = null;
  let lastReading = ""; // what the last drawing was read as

  function say(words) {
    clearTimeout(speech);
    spoken.textContent = words;
  }

  function remark(words) {
    hint.textContent = words;
    say(words);
  }

  // Buttons that can do nothing now say so, and say why when they are pressed.
  function offer() {
    const empty = !strokes.length;
    clearButton.setAttribute("aria-disabled", empty);
    undoButton.setAttribute("aria-disabled", empty && !collecting);
    meantButtons.forEach((button, index) => {
      button.setAttribute("aria-disabled", empty || chosen !== null);
      button.setAttribute("aria-pressed", index === chosen);
    });
  }

  function paint(canvas, bytes, [height, width]) {
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height);
    bytes.forEach((value, place) => image.data.set([0, 0, 0, value], place * 4)); // dark ink on the paper's white
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function refuse({ problem, meant }) {
    if (meant === undefined) {
      forget();
      hint.textContent = problem;
    } else {
      chosen = null;
      offer();
      remark(problem);
    }
  }

  function forget() {
    clearTimeout(speech);
    lastReading = "";
    answer.textContent = invitation;
    hint.textContent = "";
    for (const { row, bar, number } of rows) {
      row.className = bar.style.width = "";
      number.textContent = "–";
    }
    seen.width = seen.width; // empties it
    seen.setAttribute("aria-label", "Nothing yet");
    maps.forEach((box, index) => {
      box.replaceChildren();
      box.setAttribute("aria-label", `Feature maps of ${layers[index]}: nothing yet`);
    });
  }

  function tell({ probabilities, shapes, meant, saved }, buffers) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    lastReading = `${names[best]} (${percent(probabilities[best])})`;
    answer.textContent = `The model reads ${lastReading}`;
    hint.textContent = "";
    rows.forEach(({ row, bar, number }, index) => {
      row.className = index === best ? "best" : "";
      bar.style.width = `${probabilities[index] * 100}%`;
      number.textContent = percent(probabilities[index]);
    });
    const parts = buffers.map((buffer) => new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength));
    const [, height, width] = shapes[0];
    paint(seen, parts[0], [height, width]);
    seen.setAttribute("aria-label", `The drawing as ${height} by ${width} pixels`);
    maps.forEach((box, index) => {
      const [count, height, width] = shapes[index + 1];
      box.setAttribute("aria-label", `The ${count} strongest feature maps of ${layers[index]}`);
      while (box.children.length < count) element(box, "canvas", "", { class: "pixels map" });
      [...box.children].forEach((canvas, place) =>
        paint(canvas, parts[index + 1].subarray(place * height * width, (place + 1) * height * width), [height, width]),
      );
    });
    if (meant === undefined) {
      clearTimeout(speech);
      speech = setTimeout(() => say(answer.textContent), REST);
    } else {
      chosen = meant;
      offer();
      const file = saved ? ` Saved as ${saved}.` : "";
      remark(`Counted: you meant ${names[meant]}, the model read ${names[best]}.${file} Your next stroke starts a new drawing.`);
    }
  }

  function showRoom(confusion) {
    const table = document.createElement("table");
    table.className = "room";
    element(table, "caption", "What this room drew: rows are what was meant, columns what was read");
    const head = element(table, "tr");
    element(head, "td", "");
    names.forEach((name) => element(head, "th", name, { scope: "col" }));
    confusion.forEach((counts, row) => {
      const line = element(table, "tr");
      element(line, "th", names[row], { scope: "row" });
      counts.forEach((count, column) =>
        element(line, "td", count || "·", count ? { class: row === column ? "right" : "wrong" } : {}),
      );
    });
    room.replaceChildren();
    // Wider than a phone, it can be moved sideways, with the keyboard too.
    const frame = element(room, "div", "", {
      class: "frame",
      tabindex: 0,
      role: "region",
      "aria-label": "What this room meant and what was read",
    });
    frame.append(table);
    element(room, "p", summary(confusion, names), { class: "summary" });
  }

  function showCounts(counts) {
    const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    room.replaceChildren();
    element(room, "p", `Kept in ${folder}: ${parts.join(", ") || "nothing yet"}.`, { class: "summary" });
  }

  // What was taken back can be kept again, under another name.
  function takenBack(file) {
    if (!file) return remark(NONE_TO_UNDO);
    chosen = null;
    offer();
    remark(`Taken back: ${file} is gone.`);
  }

  if (collecting) showCounts(counts);
  if (confusion) showRoom(confusion);
  offer();
  draw();
}

export default { render };
