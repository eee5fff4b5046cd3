"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const words = element => {
    const parts = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) parts.push(walker.currentNode.data);
    return parts.join(" ").replace(/\s+/g, " ").replace(/ ([,.;:)\]])/g, "$1").replace(/([(\[]) /g, "$1").trim();
  };
  const plain = text => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");

  /* Sorting. A total, a row without change and the heading of a group keep their places. */
  const FIXED = "tr.total, tr.base, tr.group, tr.sum";
  const asNumber = text => {
    const found = text.replace(/\u2212/g, "-").match(/^[<>= ]*(-?\d+(?:\.\d+)?)/);
    return found ? Number(found[1]) : null;
  };
  const key = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return "";
    const copy = cell.cloneNode(true);
    all(".sub, sup", copy).forEach(part => part.remove());
    return words(copy);
  };
  const compare = (a, b) => {
    const [x, y] = [asNumber(a), asNumber(b)];
    if (x !== null && y !== null && x !== y) return x - y;
    if ((x === null) !== (y === null)) return x === null ? 1 : -1;
    return a.localeCompare(b, "en", { numeric: true });
  };
  const sortBody = (body, column, direction) => {
    const rows = all(":scope > tr", body);
    const movable = rows.filter(row => !row.matches(FIXED));
    const order = movable.map((row, index) => ({ row, index, key: key(row, column) }));
    const empty = text => text === "" || text === "\u2013";
    order.sort((a, b) => empty(a.key) - empty(b.key)
      || direction * compare(a.key, b.key) || a.index - b.index);
    let next = 0;
    body.append(...rows.map(row => row.matches(FIXED) ? row : order[next++].row));
  };
  const sortBy = (table, head, say) => {
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    all("thead th[aria-sort]", table).forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    for (const body of table.tBodies) sortBody(body, head.cellIndex, direction);
    say(`Sorted by ${words(head)}, ${direction === 1 ? "rising" : "falling"}.`);
  };

  /* Filtering. */
  const LONG = 8;
  const rowsOf = table => [...table.tBodies].flatMap(body => [...body.rows]).filter(row => !row.matches(FIXED));
  const filterBy = (table, text, say) => {
    const wanted = plain(text).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rowsOf(table)) {
      const found = plain(words(row));
      row.hidden = !wanted.every(word => found.includes(word));
      shown += !row.hidden;
    }
    for (const body of table.tBodies) {
      const alive = [...body.rows].some(row => !row.matches(FIXED) && !row.hidden);
      all(":scope > tr.group, :scope > tr.sum", body).forEach(row => { row.hidden = !alive; });
    }
    say(wanted.length ? `${shown} of ${rowsOf(table).length} rows` : "");
  };
  /* On a narrow screen a wide table is a list: each cell with the head of its column, the roles of a table said anew. */
  const NARROW = 3;
  const MANY = 5;
  const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
  const stack = table => {
    const heads = [...table.tHead.rows[0].cells].map(words);
    if (heads.length <= NARROW) return;
    const narrow = matchMedia(`(max-width: ${heads.length > MANY ? 60 : 44}rem)`);
    const fold = () => table.classList.toggle("stack", narrow.matches);
    narrow.addEventListener("change", fold);
    fold();
    for (const part of [table, ...all("thead, tbody, tr, th, td", table)]) {
      const role = ROLES[part.tagName] ?? (part.closest("thead") ? "columnheader" : "rowheader");
      part.setAttribute("role", role);
    }
    for (const row of rowsOf(table).concat(all("tr.total, tr.base", table))) {
      [...row.cells].forEach((cell, column) => {
        if (cell.tagName !== "TD") return;
        cell.dataset.head = heads[column];
        cell.classList.toggle("blank", ["", "\u2013"].includes(words(cell)));
      });
    }
  };
  const sorter = (table, say) => {
    const listed = [...table.tBodies].map(body => [body, [...body.rows]]);
    const asListed = () => {
      all("thead th[aria-sort]", table).forEach(head => head.removeAttribute("aria-sort"));
      listed.forEach(([body, rows]) => body.append(...rows));
      say("In the order of the list.");
    };
    const heads = [...table.tHead.rows[0].cells];
    const choice = make("select", {}, make("option", { value: "" }, "as listed"));
    heads.forEach((head, column) => choice.append(make("option", { value: column }, words(head))));
    choice.addEventListener("change", () => {
      if (choice.value) sortBy(table, heads[choice.value], say); else asListed();
    });
    return make("label", { class: "sorter" }, "Sort by", choice);
  };
  /* Only a box that scrolls is a stop of the keyboard. */
  const fits = new ResizeObserver(entries => entries.forEach(({ target }) => {
    const scrolls = target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1;
    if (scrolls) target.setAttribute("tabindex", "0"); else target.removeAttribute("tabindex");
  }));
  const equip = (box, number) => {
    const table = box.querySelector("table");
    if (!table?.tHead || table.matches(".matrix")) return;
    stack(table);
    if (rowsOf(table).length < 2) return;
    const status = make("span", { role: "status", class: "said" });
    const say = text => { status.textContent = text; };
    for (const head of table.tHead.rows[0].cells) {
      if (!words(head) || head.querySelector("button")) continue;
      const button = make("button", { type: "button", class: "sort" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sortBy(table, head, say));
    }
    const bar = make("div", { class: "bar" });
    if (rowsOf(table).length >= LONG) {
      const input = make("input", { type: "search", id: `filter-${number}`, autocomplete: "off" });
      input.addEventListener("input", () => filterBy(table, input.value, say));
      bar.append(make("label", { for: input.id }, `Filter: ${box.getAttribute("aria-label")}`), input);
      bar.append(sorter(table, say));
    }
    bar.append(status);
    box.before(bar);
  };

  /* Going to a place: open what hides it, show the rows that a filter hid. */
  const reveal = target => {
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
      if (at.hidden && at.tagName === "TR") at.hidden = false;
    }
    target.scrollIntoView({ block: "center" });
    if (!target.matches("a, button, input, [tabindex]")) target.setAttribute("tabindex", "-1");
    target.focus({ preventScroll: true });
  };

  /* Search over the page. */
  const BLOCKS = "main h2, main h3, main h4, main h5, main p, main li, main tr, main dt, main dd, .answer li";
  const MOST = 40;
  const index = () => {
    const entries = [];
    let place = "";
    for (const block of all(BLOCKS)) {
      if (block.closest("dialog, nav") || (block.matches("p, li, dt, dd") && block.closest("td, th"))) continue;
      if (/^H[2-5]$/.test(block.tagName)) place = words(block);
      const text = words(block);
      if (text) entries.push({ block, place, text, plain: plain(text) });
    }
    return entries;
  };
  const excerpt = (entry, word) => {
    const at = Math.max(0, entry.plain.indexOf(word) - 50);
    const cut = entry.text.slice(at, at + 150);
    return (at ? "\u2026 " : "") + cut + (at + 150 < entry.text.length ? " \u2026" : "");
  };
  const startSearch = () => {
    const form = document.getElementById("search");
    if (!form) return;
    const input = form.querySelector("input");
    const list = form.querySelector("ol");
    const status = form.querySelector("[role=status]");
    const steps = all(".step", form);
    let entries = null;
    let hits = [];
    let current = -1;
    const close = () => { list.replaceChildren(); list.hidden = true; };
    const go = at => {
      close();
      current = (at + hits.length) % hits.length;
      status.textContent = `${current + 1} of ${hits.length} places`;
      reveal(hits[current].block);
    };
    const search = () => {
      const wanted = plain(input.value).split(/\s+/).filter(word => word.length > 1);
      close();
      hits = [];
      current = -1;
      if (wanted.length) {
        entries ??= index();
        hits = entries.filter(entry => wanted.every(word => entry.plain.includes(word)));
      }
      steps.forEach(step => { step.hidden = hits.length < 2; });
      status.textContent = !wanted.length ? "" : !hits.length ? "Nothing found."
        : (hits.length === 1 ? "1 place" : `${hits.length} places`) + (hits.length > MOST ? `, the first ${MOST} are listed` : "");
      hits.slice(0, MOST).forEach((hit, at) => {
        const button = make("button", { type: "button" }, make("span", { class: "sub" }, hit.place), excerpt(hit, wanted[0]));
        button.addEventListener("click", () => go(at));
        list.append(make("li", {}, button));
      });
      list.hidden = !hits.length;
    };
    steps.forEach((step, i) => step.addEventListener("click", () => go(i ? current + 1 : Math.max(current, 0) - 1)));
    input.addEventListener("input", search);
    form.addEventListener("submit", event => { event.preventDefault(); if (hits.length) go(current + 1); });
    form.addEventListener("keydown", event => {
      const buttons = all("button", list);
      const at = buttons.indexOf(document.activeElement);
      if (event.key === "Escape") { input.focus(); close(); }
      if (event.key === "ArrowDown" && buttons.length) { event.preventDefault(); buttons[(at + 1) % buttons.length].focus(); }
      if (event.key === "ArrowUp" && at >= 0) { event.preventDefault(); (at ? buttons[at - 1] : input).focus(); }
    });
    form.addEventListener("focusout", event => { if (!form.contains(event.relatedTarget)) close(); });
    form.hidden = false;
  };

  /* Where a number comes from. */
  const dialog = document.getElementById("lineage");
  const trail = [];
  const record = row => {
    const heads = all("thead th", row.closest("table"));
    const group = row.parentElement.querySelector("tr.group");
    const list = make("dl", { class: "facts" });
    if (group) list.append(make("dt", {}, "Study"), make("dd", {}, words(group)));
    [...row.cells].forEach((cell, column) => {
      const value = make("dd");
      value.append(...[...cell.cloneNode(true).childNodes]);
      list.append(make("dt", {}, words(heads[column])), value);
    });
    return list;
  };
  const rowsBehind = node => {
    const ids = new Set(all('a[href^="#r-"]', node).map(link => link.getAttribute("href").slice(1)));
    return [...ids].map(id => document.getElementById(id)).filter(Boolean);
  };
  /* A copy of a place without its ids; rows of a table come with its head, what is folded is open. */
  const copyOf = target => {
    let copy = target.cloneNode(true);
    if (copy.tagName === "TBODY") copy = make("table", {}, target.closest("table").tHead.cloneNode(true), copy);
    [copy, ...all("[id]", copy)].forEach(part => part.removeAttribute("id"));
    all("button", copy).forEach(button => button.replaceWith(...button.childNodes));
    all(".bar", copy).forEach(part => part.remove());
    copy.querySelector(":scope > p.head")?.remove();
    if (copy.tagName === "DETAILS") copy = make("div", {}, ...[...copy.childNodes].filter(part => part.tagName !== "SUMMARY"));
    return copy;
  };
  const contents = target => {
    if (target.tagName === "TR") return [record(target)];
    const parts = [copyOf(target)];
    const rows = target.matches(".chain") ? rowsBehind(target) : [];
    if (rows.length) parts.push(make("h3", {}, rows.length === 1 ? "The row it was computed from" : "The rows it was computed from"));
    rows.forEach(row => parts.push(record(row)));
    return parts;
  };
  const titleOf = target => target.dataset.title ?? words(target.cells[0]);
  const show = id => {
    const target = document.getElementById(id);
    if (!target) return false;
    trail.push(id);
    const place = make("a", { href: `#${id}`, class: "place" }, "Show it in the page");
    place.addEventListener("click", event => { event.preventDefault(); dialog.close(); reveal(target); });
    const body = dialog.querySelector(".body");
    body.replaceChildren(...contents(target), make("p", {}, place));
    dialog.querySelector("h2").textContent = titleOf(target);
    dialog.querySelector(".back").hidden = trail.length < 2;
    if (!dialog.open) dialog.showModal();
    body.scrollTop = 0;
    dialog.querySelector("h2").focus();
    return true;
  };
  const LINEAGE = 'a.origin, a[href^="#r-"]';
  const startLineage = () => {
    if (!dialog || !dialog.showModal) return;
    for (const link of all(LINEAGE)) {
      link.setAttribute("aria-haspopup", "dialog");
      link.setAttribute("aria-describedby", "lineage-help");
    }
    document.addEventListener("click", event => {
      const link = event.target.closest(LINEAGE);
      if (!link || !link.hash || link.classList.contains("place") || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (show(link.getAttribute("href").slice(1))) event.preventDefault();
    });
    dialog.querySelector(".back").addEventListener("click", () => { trail.pop(); show(trail.pop()); });
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => { trail.length = 0; });
    const asked = decodeURIComponent(location.hash.slice(1));
    if (all(LINEAGE).some(link => link.hash === `#${asked}`)) show(asked);
  };

  /* What a mark of a figure stands for. The tables say the same to those without a mouse. */
  const MOST_TOLD = 240;
  const startMarks = () => {
    const tip = make("div", { id: "tip", "aria-hidden": "true" });
    tip.hidden = true;
    document.body.append(tip);
    const target = mark => document.getElementById(mark.dataset.key);
    const text = mark => {
      const found = target(mark);
      if (!found) return "";
      if (found.tagName === "TR") return all("th, td", found).slice(0, 6).map(words).filter(part => part !== "\u2013").join(" \u00b7 ");
      const links = all(`article > .scroll a[href="#${found.id}"]`);
      const row = (links.find(link => link.closest("tr.total")) ?? links[0])?.closest("tr");
      const short = () => words(found.querySelector("strong") ?? (found.matches(".chain") ? make("b") : found)).slice(0, MOST_TOLD);
      if (!row) return [titleOf(found), short()].filter(Boolean).join("\n");
      const heads = all("thead th", row.closest("table"));
      return [...row.cells].slice(0, -1).map((cell, i) => i ? `${words(heads[i])}: ${words(cell)}` : key(row, 0)).join("\n");
    };
    const place = event => {
      const gap = 14;
      const left = Math.min(event.clientX + gap, document.documentElement.clientWidth - tip.offsetWidth - 8);
      const below = event.clientY + gap + tip.offsetHeight < window.innerHeight;
      tip.style.left = `${Math.max(8, left)}px`;
      tip.style.top = `${below ? event.clientY + gap : Math.max(8, event.clientY - gap - tip.offsetHeight)}px`;
    };
    /* A text over a mark must not hide it. */
    const markAt = event => event.target.closest?.(".picture")
      && document.elementsFromPoint(event.clientX, event.clientY).map(part => part.closest("[data-key]")).find(Boolean);
    document.addEventListener("pointerover", event => {
      const mark = markAt(event);
      const words_ = mark ? text(mark) : "";
      tip.hidden = !words_;
      if (words_) { tip.textContent = words_; place(event); }
    });
    document.addEventListener("click", event => {
      const mark = markAt(event);
      const found = mark && dialog?.showModal && target(mark);
      if (found) { tip.hidden = true; show(found.id); }
    });
    document.addEventListener("keydown", event => { if (event.key === "Escape") tip.hidden = true; });
    document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
  };

  /* Which section is being read, in the contents. */
  const startContents = () => {
    const links = new Map(all(".contents-wide a").map(link => [link.hash.slice(1), link]));
    const heads = [...links.keys()].map(id => document.getElementById(id)).filter(Boolean);
    let now = null;
    const mark = () => {
      const read = heads.findLast(head => head.getBoundingClientRect().top < window.innerHeight / 3);
      const link = read && links.get(read.id);
      if (link === now) return;
      now?.removeAttribute("aria-current");
      link?.setAttribute("aria-current", "true");
      const list = link?.closest("nav");
      if (list) list.scrollTop = Math.max(0, link.offsetTop - list.clientHeight / 2);
      now = link;
    };
    document.addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
    mark();
  };

  all(".scroll").forEach(equip);
  all(".scroll, .picture").forEach(box => fits.observe(box));
  startContents();
  startSearch();
  startLineage();
  startMarks();
})();
