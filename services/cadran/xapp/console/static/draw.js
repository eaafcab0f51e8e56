// Small drawings out of paths. A drawing is a list of [class, path]; paths are reused from one poll to the next.

const SVG = "http://www.w3.org/2000/svg";

export function paths(svg, wanted) {
  while (svg.children.length > wanted.length) svg.lastChild.remove();
  while (svg.children.length < wanted.length) svg.append(document.createElementNS(SVG, "path"));
  wanted.forEach(([name, path, opacity], index) => {
    const element = svg.children[index];
    if (element.getAttribute("class") !== name) element.setAttribute("class", name);
    if (element.getAttribute("d") !== path) element.setAttribute("d", path);
    const shown = opacity === undefined ? "1" : String(opacity);
    if (element.getAttribute("opacity") !== shown) element.setAttribute("opacity", shown);
  });
}

// Blocks of a grid: how many of each class, in order.
export function blocks(svg, total, parts) {
  const rows = Math.ceil(total / 25);
  const columns = Math.ceil(total / rows);
  svg.setAttribute("viewBox", `0 0 ${columns * 10} ${rows * 10}`);
  let at = 0;
  const wanted = parts.map(([name, many]) => {
    let path = "";
    for (const end = Math.min(at + many, total); at < end; at += 1) {
      path += `M${(at % columns) * 10 + 0.7} ${Math.floor(at / columns) * 10 + 0.7}h8.6v8.6h-8.6z`;
    }
    return [name, path];
  });
  paths(svg, wanted);
}

// Stacked steps: one column per window, the newest on the right; heights count blocks.
export function stack(svg, names, columns, width, height) {
  const bottoms = columns.map(() => 0);
  const first = width - columns.length;
  const wanted = names.map((name, layer) => {
    let path = "";
    columns.forEach((column, index) => {
      const low = bottoms[index];
      bottoms[index] = low + column[layer];
      path += `M${first + index} ${height - bottoms[index]}h1.02v${column[layer]}h-1.02z`;
    });
    return [name, path];
  });
  paths(svg, wanted);
}

// A line within [low, high] of y and [0, end] of x, on a square of 100.
export function line(xs, ys, end, low, high) {
  const x = (value) => ((100 * value) / (end || 1)).toFixed(2);
  const y = (value) => (100 - (100 * (value - low)) / (high - low || 1)).toFixed(2);
  return xs.map((value, index) => `${index ? "L" : "M"}${x(value)} ${y(ys[index])}`).join("");
}

// Bounds with some air around all the values of several lines.
export function bounds(lines) {
  const values = lines.flatMap((one) => one.values);
  if (!values.length) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const air = 0.06 * (high - low) || 0.05 * Math.abs(high) || 0.5;
  return [low - air, high + air];
}

export function text(element, wanted) {
  if (element && element.textContent !== wanted) element.textContent = wanted;
}
