// The kernel's part of the canvas in plain JavaScript: it prepares a drawing as helpers/pictures.py
// does, and runs the network that docs/make_page.py wrote into the page. Arrays of numbers lie
// in rows, as NumPy keeps them: an image as (height, width), layers as (height, width, filters).

const MAPS = 6; // feature maps shown of each convolution
const BOX = 20 / 28; // the ink's box, as a share of the image: 20 of MNIST's 28 pixels
const LEAST_INK = 8; // pixels; fewer across the digit than this show no shape
const TOO_LITTLE = "Too little is drawn to show a digit. To fix it: draw on.";

// --- preparing a drawing: crop, fit into the box, center ---

// Python rounds halves to the even number, and so does this.
function round(value) {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 ? down + 1 : down;
}

// Cut away the paper around the ink; null if too little is left.
function crop({ values, height, width }) {
  let [top, bottom, left, right] = [height, -1, width, -1];
  values.forEach((value, place) => {
    if (value <= 0.5) return;
    const [row, column] = [Math.floor(place / width), place % width];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
  });
  const inner = { height: bottom - top + 1, width: right - left + 1 };
  if (bottom < 0 || Math.max(inner.height, inner.width) < LEAST_INK) return null;
  inner.values = new Float32Array(inner.height * inner.width);
  for (let row = 0; row < inner.height; row++) {
    const start = (top + row) * width + left;
    inner.values.set(values.subarray(start, start + inner.width), row * inner.width);
  }
  return inner;
}

function cubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

// For each pixel of a line of `to` pixels: where in a line of `from` pixels it begins to look, and
// the weights of what it sees there. Pillow's bicubic resampling, which widens as it shrinks.
function resampling(from, to) {
  const scale = from / to;
  const wide = Math.max(scale, 1);
  return Array.from({ length: to }, (_, pixel) => {
    const middle = (pixel + 0.5) * scale;
    const first = Math.max(0, Math.trunc(middle - 2 * wide + 0.5));
    const end = Math.min(from, Math.trunc(middle + 2 * wide + 0.5));
    const weights = [];
    for (let place = first; place < end; place++) weights.push(cubic((place - middle + 0.5) / wide));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

function resize({ values, height, width }, newHeight, newWidth) {
  const across = new Float32Array(height * newWidth);
  resampling(width, newWidth).forEach(({ first, weights }, column) => {
    for (let row = 0; row < height; row++) {
      const start = row * width + first;
      across[row * newWidth + column] = weights.reduce((sum, weight, k) => sum + weight * values[start + k], 0);
    }
  });
  const small = new Float32Array(newHeight * newWidth);
  resampling(height, newHeight).forEach(({ first, weights }, row) => {
    for (let column = 0; column < newWidth; column++) {
      small[row * newWidth + column] = weights.reduce(
        (sum, weight, k) => sum + weight * across[(first + k) * newWidth + column],
        0,
      );
    }
  });
  return { values: small, height: newHeight, width: newWidth };
}

function fitIntoBox(ink, height, width) {
  const scale = Math.min(round(height * BOX) / ink.height, round(width * BOX) / ink.width);
  const small = resize(ink, Math.max(1, round(ink.height * scale)), Math.max(1, round(ink.width * scale)));
  small.values = small.values.map((value) => Math.min(Math.max(value, 0), 1));
  const strongest = Math.max(...small.values);
  small.values = small.values.map((value) => value / strongest);
  return small;
}

function center(ink, height, width) {
  let [mass, rows, columns] = [0, 0, 0];
  ink.values.forEach((value, place) => {
    mass += value;
    rows += value * Math.floor(place / ink.width);
    columns += value * (place % ink.width);
  });
  const start = (side, middle, length) =>
    Math.min(Math.max(Math.trunc(Math.floor(side / 2) - middle + 0.5), 0), side - length);
  const top = start(height, rows / mass, ink.height);
  const left = start(width, columns / mass, ink.width);
  const image = new Uint8Array(height * width);
  ink.values.forEach((value, place) => {
    const [row, column] = [Math.floor(place / ink.width), place % ink.width];
    image[(top + row) * width + left + column] = round(value * 255);
  });
  return image;
}

// Ink from 0 to 1 becomes an image of bytes, bright ink on black; null if too little is drawn.
function prepare(ink, height, width) {
  const cropped = crop(ink);
  return cropped && center(fitIntoBox(cropped, height, width), height, width);
}

// --- the network: one function for each kind of layer ---

const relu = (values) => values.map((value) => Math.max(value, 0));

function softmax(values) {
  const highest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const ACTIVATIONS = { linear: (values) => values, relu, softmax };

// Zeros around, as many as keep the size when a kernel of this size moves over it.
function pad({ values, height, width, filters }, high, wide) {
  const [top, left] = [Math.floor((high - 1) / 2), Math.floor((wide - 1) / 2)];
  const around = { height: height + high - 1, width: width + wide - 1, filters };
  around.values = new Float32Array(around.height * around.width * filters);
  for (let row = 0; row < height; row++) {
    const line = values.subarray(row * width * filters, (row + 1) * width * filters);
    around.values.set(line, ((top + row) * around.width + left) * filters);
  }
  return around;
}

function convolution(input, { shape: [high, wide, channels, filters], padding, activation, weights, bias }) {
  const { values, height, width } = padding === "same" ? pad(input, high, wide) : input;
  const output = { height: height - high + 1, width: width - wide + 1, filters };
  const sums = new Float32Array(output.height * output.width * filters);
  for (let row = 0; row < output.height; row++) {
    for (let column = 0; column < output.width; column++) {
      const target = (row * output.width + column) * filters;
      sums.set(bias, target);
      for (let y = 0; y < high; y++) {
        // The `wide` pixels of one row of the kernel lie side by side, in the image and in the weights.
        const source = ((row + y) * width + column) * channels;
        for (let k = 0; k < wide * channels; k++) {
          const value = values[source + k];
          if (value === 0) continue; // most of a digit's image is empty
          const first = (y * wide * channels + k) * filters;
          for (let filter = 0; filter < filters; filter++) sums[target + filter] += value * weights[first + filter];
        }
      }
    }
  }
  return { ...output, values: ACTIVATIONS[activation](sums) };
}

function maximum({ values, height, width, filters }, { size: [high, wide] }) {
  const output = { height: Math.floor(height / high), width: Math.floor(width / wide), filters };
  output.values = new Float32Array(output.height * output.width * filters).fill(-Infinity);
  for (let row = 0; row < output.height * high; row++) {
    for (let column = 0; column < output.width * wide; column++) {
      const target = (Math.floor(row / high) * output.width + Math.floor(column / wide)) * filters;
      const source = (row * width + column) * filters;
      for (let filter = 0; filter < filters; filter++) {
        output.values[target + filter] = Math.max(output.values[target + filter], values[source + filter]);
      }
    }
  }
  return output;
}

// Batch normalization: what was learned comes down to one factor and one offset for each filter.
function normalization(input, { factor, offset }) {
  return { ...input, values: input.values.map((value, place) => value * factor[place % input.filters] + offset[place % input.filters]) };
}

function average({ values, height, width, filters }) {
  const means = new Float32Array(filters);
  values.forEach((value, place) => (means[place % filters] += value / (height * width)));
  return { values: means, height: 1, width: 1, filters };
}

function dense({ values }, { shape: [inputs, outputs], activation, weights, bias }) {
  const sums = Float32Array.from(bias);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) sums[output] += values[input] * weights[input * outputs + output];
  }
  return { values: ACTIVATIONS[activation](sums), height: 1, width: 1, filters: outputs };
}

const LAYERS = {
  convolution,
  maximum,
  normalization,
  average,
  dense,
  activation: (input, { activation }) => ({ ...input, values: ACTIVATIONS[activation](input.values) }),
  flatten: ({ values }) => ({ values, height: 1, width: 1, filters: values.length }),
};

function decode(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer); // every machine that opens this page is little-endian
}

// The feature maps that respond most, strongest first, as bytes.
function strongestMaps({ values, height, width, filters }) {
  const mean = new Float64Array(filters);
  values.forEach((value, place) => (mean[place % filters] += Math.max(value, 0)));
  const order = [...mean.keys()].sort((a, b) => mean[b] - mean[a] || b - a).slice(0, MAPS);
  let strongest = 1e-6;
  values.forEach((value, place) => {
    if (order.includes(place % filters)) strongest = Math.max(strongest, value);
  });
  const bytes = new Uint8Array(order.length * height * width);
  order.forEach((filter, number) => {
    for (let place = 0; place < height * width; place++) {
      const value = Math.max(values[place * filters + filter], 0);
      bytes[number * height * width + place] = round((value * 255) / strongest);
    }
  });
  return { bytes, shape: [order.length, height, width] };
}

// What canvas.js calls its model: here it answers by itself, in a notebook through the kernel.
function createReader({ names, layers, height, width }) {
  const network = layers.map((layer) => {
    const ready = { ...layer };
    for (const name of ["weights", "bias", "factor", "offset"]) if (name in layer) ready[name] = decode(layer[name]);
    return ready;
  });
  const convolutions = layers.filter(({ kind }) => kind === "convolution");
  const setup = { names, layers: convolutions.map((_, index) => `Convolution ${index + 1}`) };
  const confusion = names.map(() => names.map(() => 0));
  let listener = null;

  // Probabilities and feature maps of an image of bytes.
  function run(image) {
    let state = { values: Float32Array.from(image, (value) => value / 255), height, width, filters: 1 };
    const maps = [];
    for (const layer of network) {
      state = LAYERS[layer.kind](state, layer);
      if (layer.kind === "convolution") maps.push(strongestMaps(state));
    }
    return { probabilities: [...state.values], maps };
  }

  function answer({ drawing, shape: [rows, columns], meant }, [pixels]) {
    const values = Float32Array.from(new Uint8Array(pixels), (value) => value / 255);
    const image = prepare({ values, height: rows, width: columns }, height, width);
    if (!image) return [{ drawing, meant, problem: TOO_LITTLE }, []];
    const { probabilities, maps } = run(image);
    const reply = { drawing, meant, probabilities, shapes: [[1, height, width], ...maps.map(({ shape }) => shape)] };
    if (meant !== undefined) {
      confusion[meant][probabilities.indexOf(Math.max(...probabilities))] += 1;
      reply.confusion = confusion;
    }
    return [reply, [image.buffer, ...maps.map(({ bytes }) => bytes.buffer)]];
  }

  return {
    prepare: (ink) => prepare(ink, height, width),
    run,
    get: (name) => (name === "setup" ? setup : undefined),
    on: (_, listen) => (listener = listen),
    send: (question, _, buffers) => listener(...answer(question, buffers)),
  };
}

export { createReader };
