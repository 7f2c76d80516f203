"use strict";
(() => {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const colors = ["#2f7ed8", "#e08a1e", "#2ca58d", "#c8498a", "#8063c9", "#7f8a99", "#b5562b",
    "#5aa02c"];

  // What all figures share; a figure's own layout wins.
  function template(theme) {
    const ink = theme === "dark" ? "#c9d1dc" : "#3d4757";
    const line = theme === "dark" ? "#2d3643" : "#e6e9ee";
    const paper = theme === "dark" ? "#181e27" : "#ffffff";
    const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, automargin: true,
      ticks: "", zeroline: false };
    return { layout: {
      font: { family: "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", size: 12,
        color: ink },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", colorway: colors,
      modebar: { bgcolor: "rgba(0,0,0,0)", color: line, activecolor: ink },
      margin: { l: 56, r: 16, t: 28, b: 36 }, hovermode: "x unified",
      hoverlabel: { bgcolor: paper, font: { color: ink }, bordercolor: line },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: axis, yaxis: axis, coloraxis: { colorbar: { outlinewidth: 0, thickness: 12 } },
    } };
  }

  function draw(theme) {
    root.dataset.theme = theme;
    figures.forEach((figure, number) => {
      const layout = { autosize: true, ...figure.layout, template: template(theme) };
      const config = { responsive: true, displaylogo: false,
        modeBarButtonsToRemove: ["lasso2d", "select2d"] };
      Plotly.react(`figure-${number}`, figure.data, layout, config);
    });
  }

  function sortable(table) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const sample = body.rows[0] && body.rows[0].cells[column];
      if (sample && sample.classList.contains("number")) head.classList.add("number");
      let up = false;
      head.addEventListener("click", () => {
        const key = (row) => {
          const cell = row.cells[column];
          return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent;
        };
        up = !up;
        const rows = [...body.rows].sort((a, b) => {
          const [x, y] = [key(a), key(b)];
          const order = typeof x === "number" && typeof y === "number"
            ? x - y : String(x).localeCompare(String(y));
          return up ? order : -order;
        });
        body.append(...rows);
      });
    });
  }

  document.querySelectorAll("table").forEach(sortable);
  document.getElementById("theme").addEventListener("click", () =>
    draw(root.dataset.theme === "dark" ? "light" : "dark"));
  dark.addEventListener("change", () => draw(dark.matches ? "dark" : "light"));
  let before = "light";
  window.addEventListener("beforeprint", () => { before = root.dataset.theme; draw("light"); });
  window.addEventListener("afterprint", () => draw(before));
  draw(dark.matches ? "dark" : "light");
})();
