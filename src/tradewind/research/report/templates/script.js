"use strict";
// Under the pointer: the time and every line's value there. The page reads the same without it.
const show = {
  money: v => v.toLocaleString("en-US", {maximumFractionDigits: Math.abs(v) >= 100 ? 2 : 6}),
  percent: v => (100 * v).toFixed(2) + " %",
  number: v => v.toFixed(2),
};
const last = (xs, at) => {
  let low = 0, high = xs.length - 1;
  while (low < high) { const mid = (low + high + 1) >> 1; if (xs[mid] <= at) low = mid; else high = mid - 1; }
  return low;
};
for (const source of document.querySelectorAll("script[data-for]")) {
  const data = JSON.parse(source.textContent);
  const plot = source.parentElement.querySelector(".plot");
  const cross = plot.querySelector(".cross"), tip = plot.querySelector(".tip");
  const move = event => {
    const box = plot.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const time = new Date(1000 * (data.start + at * (data.end - data.start))).toISOString();
    const rows = data.lines.map(line => line.name + "  " + show[data.unit](line.y[last(line.x, at)]));
    tip.textContent = [time.slice(0, 16).replace("T", " "), ...rows].join("\n");
    cross.style.left = 100 * at + "%";
    tip.style.left = at < .5 ? `calc(${100 * at}% + 8px)` : "";
    tip.style.right = at < .5 ? "" : `calc(${100 * (1 - at)}% + 8px)`;
    cross.hidden = tip.hidden = false;
  };
  plot.addEventListener("pointermove", move);
  plot.addEventListener("pointerdown", move);
  plot.addEventListener("pointerleave", () => { cross.hidden = tip.hidden = true; });
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(each => { each.open = true; }));
