// Follows a file that the server makes: the form sends a key along, and htmx asks how far the file of this key is.
const NOBODY = "0".repeat(32);

for (const form of document.querySelectorAll("details.taking form")) {
  form.addEventListener("submit", () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    form.elements.following.value = key;
    const place = form.querySelector(".following");
    htmx.ajax("GET", form.dataset.progress.replace(NOBODY, key), { target: place, swap: "innerHTML" });
  });
}
