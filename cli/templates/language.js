(function () {
  var root = document.documentElement, buttons = document.querySelectorAll("[data-lang]");
  function show(lang) {
    root.lang = lang;
    buttons.forEach(function (button) { button.setAttribute("aria-pressed", String(button.dataset.lang === lang)); });
  }
  var wanted = location.hash.slice(1), browser = (navigator.language || "en").slice(0, 2) === "zh" ? "zh" : "en";
  // A page that was asked for in Chinese starts in it; others follow the browser.
  show(wanted === "zh" || wanted === "en" ? wanted : root.lang === "zh" ? "zh" : browser);
  buttons.forEach(function (button) { button.addEventListener("click", function () { show(button.dataset.lang); }); });
})();
