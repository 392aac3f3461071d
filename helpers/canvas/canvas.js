// The page of helpers.canvas: it draws, sends the drawing to the kernel, and shows what the network makes of it.

const SIDE = 140; // pixels of the drawing that the kernel gets, in both directions
const PEN = 0.085; // the pen's width, as a share of the paper
const STEP = 0.05; // what an arrow key moves the pen by; a fifth of it with Shift
const LATE = 5000; // milliseconds after which an answer is no longer waited for
const INVITATION = "Draw a digit.";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function element(parent, tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}

const percent = (share) => `${Math.round(share * 100)} %`;

function render({ model, el }) {
  const { names, layers, folder } = model.get("setup");
  const root = element(el, "div", "", { class: "digit-canvas", "data-lm-suppress-shortcuts": "true" });

  // --- what is on the page ---
  const id = `digit-canvas-${Math.random().toString(36).slice(2)}`;
  const top = element(root, "div", "", { class: "row" });

  const left = element(top, "div");
  const paper = element(left, "canvas", "", {
    class: "paper",
    width: 440,
    height: 440,
    tabindex: 0,
    role: "application",
    "aria-label": "Paper to draw a digit on",
    "aria-describedby": id,
  });
  const undoButton = element(left, "button", "Undo", { type: "button" });
  const clearButton = element(left, "button", "Clear", { type: "button" });

  const middle = element(top, "figure", "", { class: "seen-by" });
  element(middle, "figcaption", "What the model sees");
  const seen = element(middle, "canvas", "", { class: "pixels seen", role: "img", "aria-label": "Nothing yet" });

  const right = element(top, "figure");
  element(right, "figcaption", "Probabilities");
  const bars = element(right, "table", "", { class: "bars" });
  const rows = names.map((name) => {
    const row = element(bars, "tr");
    element(row, "th", name, { scope: "row" });
    const bar = element(element(element(row, "td"), "span"), "i");
    return { row, bar, number: element(row, "td", "–") };
  });

  const inside = element(top, "figure", "", { class: "inside" });
  element(inside, "figcaption", "Strongest feature maps");
  const maps = layers.map((layer) => {
    element(inside, "div", layer);
    return element(inside, "div", "", { class: "maps", role: "img", "aria-label": `Feature maps of ${layer}: nothing yet` });
  });

  const answer = element(root, "p", INVITATION, { class: "answer", "aria-hidden": "true" });
  const spoken = element(root, "p", "", { class: "spoken", "aria-live": "polite" });

  const meant = element(root, "fieldset");
  element(meant, "legend", "What did you mean?");
  names.forEach((name, index) => {
    const button = element(meant, "button", name, { type: "button" });
    button.addEventListener("click", () => strokes.length && ask({ meant: index, keep: keep.checked }));
  });
  const choice = element(meant, "label", "");
  const keep = element(choice, "input", "", { type: "checkbox" });
  choice.append(` and save the drawing in ${folder}`);
  const room = element(root, "div");
  element(
    root,
    "p",
    "Draw with the mouse, a pen or a finger. Keys, once the paper is selected: the arrows move the pen (with Shift, " +
      "by less), Space puts it down or lifts it, U undoes a stroke, C or Escape clears the paper.",
    { id },
  );

  // --- drawing ---
  let strokes = []; // each a list of [x, y], as shares of the paper
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
    ink(context, paper.width);
    if (document.activeElement !== paper || pointer !== null) return;
    context.save(); // the keyboard's pen: a ring, filled while it is down
    context.beginPath();
    context.arc(pen[0] * paper.width, pen[1] * paper.height, 12, 0, 2 * Math.PI);
    context.lineWidth = 4;
    context.strokeStyle = "#D55E00";
    context.fillStyle = down ? "#D55E00" : "white";
    context.fill();
    context.stroke();
    context.restore();
  }

  function changed() {
    draw();
    if (strokes.length) later();
    else forget();
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
    strokes.push([position(event)]);
    changed();
  });
  paper.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) strokes.at(-1)?.push(position(step));
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    paper.addEventListener(end, (event) => {
      if (event.pointerId === pointer) pointer = null;
    });
  }
  for (const change of ["focus", "blur"]) paper.addEventListener(change, draw);

  function undo() {
    strokes.pop();
    down = false;
    changed();
  }

  function clear() {
    strokes = [];
    down = false;
    changed();
  }

  function toggle() {
    down = !down;
    if (down) strokes.push([pen]);
    say(down ? "Pen down" : "Pen up");
    changed();
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

  // --- asking the kernel: one question at a time, and always about the newest drawing ---
  let asked = 0; // when the question was sent that has no answer yet
  let waiting = null; // what to ask next
  let scheduled = false;

  function later() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      ask({});
    });
  }

  function ask(question) {
    if (Date.now() - asked < LATE) {
      if (!waiting || !("meant" in waiting)) waiting = question;
      return;
    }
    waiting = null;
    if (!strokes.length) return;
    asked = Date.now();
    const small = new OffscreenCanvas(SIDE, SIDE).getContext("2d");
    ink(small, SIDE);
    const pixels = small.getImageData(0, 0, SIDE, SIDE).data.filter((_, place) => place % 4 === 3);
    model.send({ shape: [SIDE, SIDE], ...question }, undefined, [new Uint8Array(pixels).buffer]);
  }

  model.on("msg:custom", (message, buffers) => {
    asked = 0;
    if (strokes.length) {
      if (message.problem) forget(message.problem);
      else tell(message, buffers);
    }
    if (waiting) ask(waiting);
  });

  // --- showing the answer ---
  let speech = null;

  function say(words) {
    clearTimeout(speech);
    spoken.textContent = words;
  }

  function paint(canvas, bytes, [height, width]) {
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height);
    bytes.forEach((value, place) => image.data.set([0, 0, 0, value], place * 4)); // dark ink on the paper's white
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function forget(problem = "") {
    answer.textContent = problem || INVITATION;
    say(problem || "The paper is empty");
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

  function tell({ probabilities, shapes, meant, confusion, saved }, buffers) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    const words = `The model reads ${names[best]} (${percent(probabilities[best])})`;
    answer.textContent = words;
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
    if (confusion) {
      clear();
      showRoom(confusion);
      answer.textContent = `Counted: a ${names[meant]}, read as ${names[best]}. ${saved ? `Saved as ${saved}.` : ""}`;
      say(answer.textContent);
    } else {
      clearTimeout(speech);
      speech = setTimeout(() => say(words), 700); // once the hand rests
    }
  }

  function showRoom(confusion) {
    const table = document.createElement("table");
    table.className = "room";
    element(table, "caption", "The drawings in this room: rows meant, columns read");
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
    room.replaceChildren(table);
  }

  draw();
}

export default { render };
