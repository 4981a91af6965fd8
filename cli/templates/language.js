(function () {
  var root = document.documentElement, buttons = document.querySelectorAll("[data-lang]");
  function show(lang) {
    root.lang = lang;
    buttons.forEach(function (button) { button.setAttribute("aria-pressed", String(button.dataset.lang === lang)); });
  }
  var wanted = location.hash.slice(1), browser = (navigator.language || "en").slice(0, 2) === "zh" ? "zh" : "en";
  show(wanted === "zh" || wanted === "en" ? wanted : browser);
  buttons.forEach(function (button) { button.addEventListener("click", function () { show(button.dataset.lang); }); });
})();
