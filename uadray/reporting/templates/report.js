const drawing = document.querySelector("svg.parallel"), readout = document.querySelector(".readout");
const every = document.querySelectorAll("[data-trial]");
const mark = trial => {
  for (const each of every) each.classList.toggle("on", each.dataset.trial === trial);
  const line = trial && drawing && drawing.querySelector(`[data-trial="${trial}"]`);
  if (drawing) drawing.classList.toggle("dimmed", Boolean(line));
  if (readout) readout.textContent = line ? line.dataset.words : readout.dataset.hint;
};
for (const each of every) {
  each.addEventListener("pointerenter", () => mark(each.dataset.trial));
  each.addEventListener("pointerleave", () => mark(""));
}
if (readout) readout.textContent = readout.dataset.hint;
