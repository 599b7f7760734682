// Buttons that print the page; without this script they stay hidden.
const show = () => {
  for (const button of document.querySelectorAll("[data-print][hidden]")) button.hidden = false;
};

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-print]")) return;
  for (const fold of document.querySelectorAll("main details")) fold.open = true;
  window.print();
});
document.addEventListener("htmx:afterSettle", show);
show();
