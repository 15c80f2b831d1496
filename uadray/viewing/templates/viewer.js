(async () => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const said = document.getElementById("said");
  const end = (state, words) => { document.documentElement.dataset.state = state; said.textContent = words; };
  try {
    const canvas = document.getElementById("gl");
    if (!document.createElement("canvas").getContext("webgl2")) {
      end("failed", "This browser has no WebGL2, which the picture needs.");
      return;
    }
    const nv = new niivue.Niivue({ logLevel: "error", loadingText: "", backColor: [0, 0, 0, 1], dragAndDropEnabled: false,
      drawingEnabled: false, isNearestInterpolation: true, multiplanarShowRender: 0, crosshairColor: [0.34, 0.71, 0.91, 1], crosshairGap: 6,
      fontColor: [0.9, 0.9, 0.9, 1], isRadiologicalConvention: true });
    await nv.attachToCanvas(canvas, false);
    for (const [name, colours] of Object.entries(data.colours)) nv.addColormap(name, colours);
    for (const layer of data.layers)
      nv.addVolume(await niivue.NVImage.loadFromBase64({ base64: layer.base64, name: `${layer.name}.nii.gz`,
        colormap: layer.colours, opacity: layer.opacity, cal_min: layer.low, cal_max: layer.high }));
    // true: in the scan's own mm, also where its axes are oblique
    const go = (place) => { nv.scene.crosshairPos = nv.mm2frac(place, 0, true); nv.drawScene(); nv.createOnLocationChange(); };
    const top = data.layers[2].high;
    const score = (value) => `${value > 0.999 * top ? "≥ " : ""}${value.toFixed(3)}`;
    nv.onLocationChange = (where) => {
      const mm = Array.from(where.mm).slice(0, 3).map((each) => Math.round(each) || 0).join(", ");
      said.textContent = `at ${mm} mm, anomaly score ${where.values[2] ? score(where.values[2].value) : "none"}`;
    };
    const views = document.querySelectorAll("[data-view]");
    const view = (button) => {
      nv.setSliceType(niivue.SLICE_TYPE[button.dataset.view]);
      for (const other of views) other.setAttribute("aria-pressed", String(other === button));
    };
    for (const button of views) button.addEventListener("click", () => view(button));
    for (const slider of document.querySelectorAll("[data-layer]"))
      slider.addEventListener("input", () => nv.setOpacity(Number(slider.dataset.layer), Number(slider.value)));
    for (const button of document.querySelectorAll("[data-mm]"))
      button.addEventListener("click", () => go(JSON.parse(button.dataset.mm)));
    const threshold = document.getElementById("threshold");
    threshold.style.left = `${100 * Number(threshold.dataset.share)}%`;
    const { R, G, B } = data.colours.scores;
    document.getElementById("bar").style.background =
      `linear-gradient(to right, ${R.map((red, i) => `rgb(${red} ${G[i]} ${B[i]})`).join(", ")})`;
    view(views[0]);
    go(data.start);
    document.documentElement.dataset.state = "ready";
  } catch (error) {
    end("failed", `The picture cannot be shown: ${error}`);
  }
})();
