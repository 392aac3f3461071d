// The sliders of helpers.explore: labelled, moved by mouse or keyboard. The kernel draws the picture.

function element(parent, tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}

function render({ model, el }) {
  const { sliders, columns } = model.get("setup");
  const root = element(el, "div", "", { class: "digit-sliders" });
  // JupyterLab would take the arrow keys, and go to the next cell.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  root.style.cssText = "color: var(--jp-content-font-color1, CanvasText); padding: 4px;";
  const grid = element(root, "div");
  grid.style.cssText = `display: grid; gap: 4px 16px; grid-template-columns: repeat(${columns}, minmax(0, 260px));`;

  const rows = sliders.map(({ label, low, high, step }, place) => {
    const row = element(grid, "div");
    row.style.cssText = "display: grid; grid-template-columns: 1fr auto; font-size: 14px;";
    const id = `digit-slider-${Math.random().toString(36).slice(2)}`;
    element(row, "label", label, { for: id });
    const number = element(row, "span", "", { "aria-hidden": "true" }); // the slider says it itself
    const input = element(row, "input", "", { type: "range", id, min: low, max: high, step });
    input.style.cssText = "grid-column: 1 / 3; width: 100%; margin: 2px 0; accent-color: #0072b2;";
    input.addEventListener("input", () => {
      model.set("values", model.get("values").with(place, Number(input.value)));
      model.save_changes();
    });
    return { input, number, digits: (String(step).split(".")[1] ?? "").length };
  });

  const reset = element(root, "button", "Reset", { type: "button" });
  reset.addEventListener("click", () => {
    model.set("values", sliders.map((slider) => slider.value));
    model.save_changes();
  });

  // What the picture shows now, for readers who can't see it.
  const spoken = element(root, "div", "", { "aria-live": "polite" });
  spoken.style.cssText = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);";

  const showValues = () =>
    rows.forEach(({ input, number, digits }, place) => {
      const value = model.get("values")[place];
      input.value = value;
      number.textContent = value.toFixed(digits).replace("-", "−");
    });
  const speak = () => (spoken.textContent = model.get("spoken"));
  model.on("change:values", showValues);
  model.on("change:spoken", speak);
  showValues();
  return () => {
    model.off("change:values", showValues);
    model.off("change:spoken", speak);
  };
}

export default { render };
