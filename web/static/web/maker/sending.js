// How much of a large file has been sent, while htmx sends it.
const form = document.querySelector("#sending");
const bar = form?.querySelector("progress");

form?.addEventListener("htmx:xhr:progress", (event) => {
  const { loaded, total } = event.detail;
  if (!total) return;
  bar.hidden = false;
  bar.value = Math.round((100 * loaded) / total);
});
