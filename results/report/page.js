"use strict";

// Theme: the reader's choice over the system's, kept where the browser allows it.
{
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("transfera-theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  if (["light", "dark"].includes(stored())) root.dataset.theme = stored();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("transfera-theme", root.dataset.theme); } catch { /* for this visit only */ }
    label();
  });
  system.addEventListener("change", label);
  label();
  button.hidden = false;
}

// Sorting: a header's button goes through its two directions and back to the table's own order.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const own = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  const names = new Intl.Collator("en", { numeric: true });
  const compare = (a, b, column) => {
    const x = a.cells[column], y = b.cells[column];
    if (x.dataset.sort === undefined) return names.compare(x.textContent.trim(), y.textContent.trim());
    return Number(x.dataset.sort) - Number(y.dataset.sort);
  };
  const sort = (column, direction) => {
    const sign = direction === "descending" ? -1 : 1;
    const absent = (row) => row.cells[column].dataset.sort === ""; // last in both directions
    const rows = direction === "none" ? own : [...own].sort((a, b) =>
      absent(a) - absent(b) || (absent(a) ? 0 : sign * compare(a, b, column)));
    body.append(...rows);
    table.classList.toggle("sorted", direction !== "none");
    headers.forEach((h, i) => h.setAttribute("aria-sort", i === column ? direction : "none"));
    const name = headers[column].textContent.trim();
    document.getElementById("status").textContent = direction === "none"
      ? `${table.caption.textContent}: in the table's own order`
      : `${table.caption.textContent}: sorted by ${name}, ${direction}`;
  };
  headers.forEach((header, column) => {
    // The highest number first, but the first name first.
    const turns = header.classList.contains("number") ? ["descending", "ascending", "none"] : ["ascending", "descending", "none"];
    header.querySelector("button").addEventListener("click", () => {
      const now = turns.indexOf(header.getAttribute("aria-sort"));
      sort(column, turns[(now + 1) % turns.length]);
    });
  });
}

// The numbers of a table are one stop of the Tab key; arrows move between them.
for (const table of document.querySelectorAll("table.sortable")) {
  const at = (row, column) => row && row.cells[column] && row.cells[column].querySelector("button.entry");
  const stop = (button) => {
    table.querySelectorAll('button.entry[tabindex="0"]').forEach((b) => { b.tabIndex = -1; });
    button.tabIndex = 0;
  };
  const all = table.querySelectorAll("button.entry");
  all.forEach((b) => { b.tabIndex = -1; });
  if (all.length) stop(all[0]);
  table.tBodies[0].addEventListener("focusin", (event) => {
    if (event.target.matches("button.entry")) stop(event.target);
  });
  table.tBodies[0].addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const cell = event.target.closest("td");
    if (!step || !cell || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...table.tBodies[0].rows];
    let row = rows.indexOf(cell.parentElement), column = cell.cellIndex, next = null;
    do { // over places without a number
      row += step[0];
      column += step[1];
      next = at(rows[row], column);
    } while (!next && rows[row] && rows[row].cells[column]);
    event.preventDefault();
    if (next) next.focus();
  });
}

// Details of a number.
{
  const data = JSON.parse(document.getElementById("data").textContent);
  const dialog = document.getElementById("details");
  const body = document.getElementById("details-body");
  let opener = null;
  const element = (name, text, className) => {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (className) e.className = className;
    return e;
  };
  const isCode = (text) => /(^|\s)[0-9a-f]{32,}/.test(text);
  const table = (section) => {
    const t = element("table", undefined, "plain");
    const head = t.createTHead().insertRow();
    for (const name of section.head) {
      const th = element("th", name);
      th.scope = "col";
      head.append(th);
    }
    const rows = t.createTBody();
    for (const row of section.rows) {
      const line = rows.insertRow();
      row.forEach((text, i) => {
        const cell = element(i === 0 ? "th" : "td", isCode(text) ? undefined : text);
        if (i === 0) cell.scope = "row";
        if (isCode(text)) cell.append(element("code", text));
        line.append(cell);
      });
    }
    const scroll = element("div", undefined, "scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", section.title);
    scroll.append(t);
    return scroll;
  };
  const list = (section) => {
    const dl = element("dl", undefined, "facts");
    for (const [term, text] of section.rows) {
      const pair = element("div");
      const dd = element("dd", isCode(text) ? undefined : text);
      if (isCode(text)) dd.append(element("code", text));
      pair.append(element("dt", term), dd);
      dl.append(pair);
    }
    return dl;
  };
  const open = (button) => {
    const number = data.numbers[Number(button.dataset.details)];
    document.getElementById("details-title").textContent = number.title;
    body.replaceChildren();
    for (const place of number.sections) {
      const section = data.sections[place];
      body.append(element("h3", section.title), section.head ? table(section) : list(section));
    }
    opener = button;
    dialog.showModal();
    body.scrollTop = 0;
    document.getElementById("close").focus();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.entry");
    if (button) open(button);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // the backdrop
  });
  document.getElementById("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    if (opener) opener.focus();
    opener = null;
  });
}
