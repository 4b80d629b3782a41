// Keeps the live part of a page current. Everything else works without scripts.
const part = document.querySelector("[data-live]");
if (part) {
  const news = new EventSource(part.dataset.live);
  news.addEventListener("content", (event) => {
    // Our own server's markup, escaped there; scripts in it could not run under our content policy.
    part.innerHTML = event.data;
    part.classList.remove("lost");
  });
  news.addEventListener("error", () => part.classList.add("lost"));
}
