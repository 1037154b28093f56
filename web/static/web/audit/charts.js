// Draws the figures that the tables beside the pictures have; without this script the tables are there all the same.
const figures = JSON.parse(document.querySelector("#charts").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)").matches;

function draw(id, option) {
  const place = document.getElementById(id);
  if (!place) return null;
  const chart = echarts.init(place, dark ? "dark" : null, { renderer: "svg" });
  chart.setOption({ backgroundColor: "transparent", animation: false, aria: { enabled: true }, ...option });
  new ResizeObserver(() => chart.resize()).observe(place);
  return chart;
}

// The batteries of one maker and month that are broken.
function listOf([month, maker]) {
  const [year, number] = heat.months[month].split("-").map(Number);
  const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
  const asked = { manufacturer: heat.codes[maker], produced_from: `${heat.months[month]}-01`, produced_until: last, chain_status: "broken" };
  return `${heat.list}?${new URLSearchParams(asked)}`;
}

const { trend, heat, flows } = figures;

draw("trend", {
  tooltip: { trigger: "axis" },
  legend: {},
  grid: { left: 56, right: 56 },
  xAxis: { type: "category", data: trend.days },
  yAxis: [{ type: "value", name: "%", max: 100 }, { type: "value", minInterval: 1 }],
  series: [
    { name: trend.names[0], type: "line", data: trend.completeness, symbol: "circle" },
    { name: trend.names[1], type: "line", data: trend.broken, yAxisIndex: 1, symbol: "rect", lineStyle: { type: "dashed" } },
  ],
});

const cells = draw("heat", {
  // What a formatter gives is taken for HTML.
  tooltip: { formatter: ({ value }) => echarts.format.encodeHTML(`${heat.makers[value[1]]} · ${heat.months[value[0]]}: ${value[2]} %`) },
  grid: { left: 150, right: 20, bottom: 90 },
  xAxis: { type: "category", data: heat.months },
  yAxis: { type: "category", data: heat.makers, axisLabel: { width: 130, overflow: "truncate" } },
  visualMap: { min: 0, max: 100, calculable: true, orient: "horizontal", left: "center", bottom: 0, text: [heat.name, ""], inRange: { color: ["#e9f5ef", "#f0b849", "#b3261e"] } },
  series: [{ type: "heatmap", data: heat.cells, label: { show: heat.cells.length <= 120, formatter: ({ value }) => (value[2] ? value[2] : "") } }],
});

cells?.on("click", ({ value }) => location.assign(listOf(value)));

draw("flows", {
  tooltip: { valueFormatter: (value) => `${value} ${flows.unit}` },
  series: [{ type: "sankey", data: flows.nodes, links: flows.links, nodeAlign: "left", left: 10, right: 150, lineStyle: { color: "gradient" }, label: { width: 140, overflow: "break" } }],
});
