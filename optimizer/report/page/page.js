// What can be chosen on the page, and the charts. The bundle before it puts many short names in global scope: none here.
(() => {
  "use strict";
  const root = document.documentElement;
  const charts = JSON.parse(document.getElementById("data").textContent);
  const shares = Number(root.dataset.shares);
  const chosen = { unit: "usd", compare: true, site: null, scenario: null };
  const NARROW = 520;
  const SHORT_DAYS = 900;
  const FONT = "system-ui, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', Arial, sans-serif";
  const byId = (id) => document.getElementById(id);
  const perShare = () => chosen.unit === "share" && shares > 0;

  // ---------------------------------------------------------------- charts

  // A view is that of the chosen site and scenario, where the chart has any.
  function suits(site, scenario) {
    return (!site || !chosen.site || site === chosen.site) && (!scenario || !chosen.scenario || scenario === chosen.scenario);
  }

  function rowsOf(chart) {
    const view = chart.views.find((each) => suits(each.site, each.scenario)) || chart.views[0];
    return view.rows
      .filter((row) => chosen.compare || !chart.versus.includes(row[0]))
      .map((row) => Object.fromEntries(chart.columns.map(([field, , money], at) => [
        field, money && perShare() && typeof row[at] === "number" ? row[at] / shares : row[at],
      ])));
  }

  // Titles that say $M say $ a share, with cents.
  function inUnit(part) {
    if (Array.isArray(part)) return part.map(inUnit);
    if (!part || typeof part !== "object") return part;
    const made = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, inUnit(value)]));
    if (typeof made.title === "string" && made.title.includes("$M")) {
      made.title = made.title.replace("$M", "$ a share");
      if (typeof made.format === "string") made.format = made.format.replace(/\.\df/, ".2f");
      if (made.axis && made.axis.format) made.axis.format = ",.2~f";
    }
    return made;
  }

  function look(width) {
    const label = { labelColor: "var(--ink)", titleColor: "var(--soft)", labelFont: FONT, titleFont: FONT };
    return {
      background: null,
      font: FONT,
      view: { stroke: null },
      axis: {
        ...label, gridColor: "var(--grid)", domainColor: "var(--soft)", tickColor: "var(--soft)", labelFontSize: 12,
        titleFontSize: 12, titleFontWeight: "normal", labelLimit: width < NARROW ? 128 : Math.max(180, width * 0.36),
      },
      axisX: { labelOverlap: true },
      axisXQuantitative: { tickCount: Math.max(3, Math.min(10, Math.floor(width / 90))) },
      axisYQuantitative: { tickCount: 5 },
      legend: { ...label, labelFontSize: 12, labelLimit: Math.max(110, Math.min(240, width - 60)), symbolStrokeWidth: 2 },
      mark: { color: "var(--c1)" },
    };
  }

  function fitted(chart, width) {
    const spec = structuredClone(chart.spec);
    const rows = rowsOf(chart);
    const days = rows.flatMap((row) => [row.from, row.to]).filter(Boolean).map(Date.parse);
    const short = days.length > 0 && Math.max(...days) - Math.min(...days) < SHORT_DAYS * 864e5;
    const fit = (part) => {
      if (!part || typeof part !== "object") return;
      if (part.legend && part.legend.columns) part.legend.columns = Math.max(1, Math.min(part.legend.columns, Math.floor(width / 200)));
      // Text within a chart has a brief form where there is little room.
      if (width < NARROW && part.field === "told") part.field = "brief";
      if (width < NARROW && part.type === "text") part.fontSize = Math.min(part.fontSize, 10);
      if (part.type === "temporal" && part.axis) {
        part.axis.format = short ? "%b %Y" : "%Y";
        part.axis.tickCount = short ? { interval: "month", step: 3 } : "year";
      }
      Object.values(part).forEach(fit);
    };
    fit(spec);
    // Lanes of a chart take so much height each.
    if (spec.height.step) spec.height = spec.height.step * Math.max(1, new Set(rows.map((row) => row[spec.encoding.y.field])).size);
    return {
      ...(perShare() ? inUnit(spec) : spec),
      width: "container",
      autosize: { type: "fit-x", contains: "padding" },
      data: { values: rows },
      config: look(width),
    };
  }

  async function draw(figure) {
    const chart = charts[figure.dataset.chart];
    const place = figure.querySelector(".plot");
    const turn = (figure.turn = (figure.turn || 0) + 1);
    figure.removeAttribute("data-drawn");
    if (figure.view) { figure.view.finalize(); figure.view = null; }
    const spec = chart.fixed ? chart.spec : fitted(chart, place.clientWidth || 640);
    try {
      const made = await vegaEmbed(place, spec, {
        mode: "vega-lite", ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: tell, hover: false,
      });
      if (turn !== figure.turn) return made.finalize();
      figure.view = made;
      // The element says what the chart is; its parts would say it a hundred times more.
      place.querySelectorAll("svg").forEach((svg) => svg.setAttribute("aria-hidden", "true"));
      figure.dataset.drawn = "yes";
    } catch (error) {
      place.textContent = "This chart could not be drawn; its numbers stand below.";
      figure.dataset.drawn = "no";
    }
  }

  const figures = [...document.querySelectorAll("figure.chart")];
  const drawAll = (which = () => true) => Promise.all(figures.filter(which).map(draw)).then(() => { document.body.dataset.ready = "yes"; });

  // ---------------------------------------------------------------- values by pointer and by keyboard

  const tip = byId("tip");
  function tell(handler, event, item, value) {
    if (!value || typeof value !== "object") { tip.hidden = true; return; }
    tip.replaceChildren(...Object.entries(value).map(([key, text]) => {
      const line = document.createElement("p");
      const bold = document.createElement("b");
      bold.textContent = `${key}: `;
      line.append(bold, String(text));
      return line;
    }));
    tip.hidden = false;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8);
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(4, top)}px`;
  }
  addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

  const number = (value, money) => (typeof value !== "number" ? String(value ?? "") :
    value.toLocaleString("en-US", { minimumFractionDigits: money && perShare() ? 2 : 0, maximumFractionDigits: money && perShare() ? 2 : 1 }));

  function saying(chart, row, skip) {
    return chart.columns
      .filter(([field, title, , shown]) => shown && title && !skip.includes(field) && row[field] !== null && row[field] !== "")
      .map(([field, title, money]) => `${perShare() ? title.replace("USD m", "$ a share") : title} ${number(row[field], money)}`)
      .join(", ");
  }

  function read(figure, by) {
    const chart = charts[figure.dataset.chart];
    const rows = rowsOf(chart);
    const steps = [...new Set(rows.map((row) => row[chart.step]))];
    const at = figure.at === undefined ? (by > 0 ? 0 : steps.length - 1) : (figure.at + by + steps.length) % steps.length;
    figure.at = by === 0 ? 0 : at;
    if (by === Infinity) figure.at = steps.length - 1;
    const step = steps[figure.at];
    const parts = rows.filter((row) => row[chart.step] === step)
      .map((row) => (chart.series ? `${row[chart.series]}: ` : "") + saying(chart, row, [chart.step, chart.series]));
    figure.querySelector(".readout").textContent = `${step}. ${parts.join("; ")}`;
  }

  const KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: 0, End: Infinity };
  figures.forEach((figure) => {
    const place = figure.querySelector(".plot");
    place.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { figure.at = undefined; figure.querySelector(".readout").textContent = ""; return; }
      if (!(event.key in KEYS) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      read(figure, KEYS[event.key]);
    });
    place.addEventListener("mouseleave", () => { tip.hidden = true; });
  });

  // ---------------------------------------------------------------- choices

  function showViews() {
    figures.forEach((figure) => {
      const own = charts[figure.dataset.chart].views;
      const at = Math.max(0, own.findIndex((view) => suits(view.site, view.scenario)));
      const titles = [...figure.querySelectorAll("figcaption h3")];
      titles.forEach((title, index) => { title.hidden = index !== at; });
      figure.querySelectorAll(".numbers").forEach((table, index) => { table.hidden = index !== at; });
      const place = figure.querySelector(".plot");
      place.setAttribute("aria-label", titles[at].innerText);
      place.setAttribute("aria-describedby", `${figure.dataset.chart}-words-${at}`);
      figure.querySelector("summary").textContent = `The numbers: ${titles[at].innerText}`;
      figure.at = undefined;
      figure.querySelector(".readout").textContent = "";
    });
  }

  function choose(id, apply) {
    const control = byId(id);
    if (!control) return;
    control.addEventListener("change", () => { apply(control); showViews(); });
    if (id === "site" || id === "scenario") chosen[id] = control.value;
  }
  choose("unit", (control) => { chosen.unit = root.dataset.unit = control.value; drawAll((figure) => charts[figure.dataset.chart].columns.some((column) => column[2])); });
  choose("compare", (control) => {
    chosen.compare = control.checked;
    root.dataset.compare = control.checked ? "on" : "off";
    drawAll((figure) => charts[figure.dataset.chart].versus.length > 0);
  });
  choose("site", (control) => { chosen.site = control.value; drawAll((figure) => charts[figure.dataset.chart].views.some((view) => view.site)); });
  choose("scenario", (control) => { chosen.scenario = control.value; drawAll((figure) => charts[figure.dataset.chart].views.some((view) => view.scenario)); });
  choose("theme", (control) => {
    if (control.value === "auto") delete root.dataset.theme; else root.dataset.theme = control.value;
  });

  // ---------------------------------------------------------------- tables

  const cellsOf = (holder) => [...holder.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  const quoted = (cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

  function save(holder) {
    const text = cellsOf(holder).map((row) => row.map(quoted).join(",")).join("\n") + "\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = holder.dataset.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    return "saved";
  }

  async function copy(holder) {
    const text = cellsOf(holder).map((row) => row.join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      return "copied";
    } catch (error) {
      getSelection().selectAllChildren(holder.querySelector("table"));
      return "selected: press Ctrl+C";
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    const holder = button.closest(".numbers");
    const told = holder.querySelector(".done");
    told.textContent = await (button.dataset.do === "save" ? save : copy)(holder);
    setTimeout(() => { told.textContent = ""; }, 4000);
  });

  // ---------------------------------------------------------------- paper

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => { opened.forEach((details) => { details.open = false; }); opened = []; });

  showViews();
  drawAll();
})();
