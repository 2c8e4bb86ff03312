"use strict";
// Without this script the page is a plain table; with it rows can be chosen and columns sorted, also with the keyboard.
(() => {
  const order = new Intl.Collator("nl", { numeric: true, sensitivity: "base" });
  const cell = (row, at) => row.cells[at];
  const key = (one) => (one.dataset.value === undefined ? one.textContent.trim() : Number(one.dataset.value));
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : order.compare(String(a), String(b)));

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row, place) => ({ row, place, key: key(cell(row, at)) }));
        rows.sort((a, b) => (down ? compare(b.key, a.key) : compare(a.key, b.key)) || a.place - b.place);
        body.append(...rows.map((one) => one.row));
      });
    });
  }

  const form = document.querySelector("form");
  if (!form) return;
  const words = form.querySelector("input");
  const whom = form.querySelector("select");
  const told = form.querySelector("output");
  const rows = [...document.querySelectorAll("table[data-sortable] tbody tr")].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const choose = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      const waits = row.dataset.waits;
      const fits = whom.value === "" || (whom.value === "iemand" ? waits !== "niemand" : waits === whom.value);
      row.hidden = !(fits && wanted.every((word) => text.includes(word)));
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = `${shown.toLocaleString("nl")} van ${rows.length.toLocaleString("nl")} rijen`;
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", choose);
  whom.addEventListener("change", choose);
  form.hidden = false;
  choose();
})();
