// Light and dark, folding, printing and filters. Nothing here makes markup: it only shows, hides and counts.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const grouped = (number) => number.toLocaleString("en");
  const plain = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return ""; // an address that nobody here wrote
    }
  };

  // Light and dark.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = document.querySelector("[data-theme-switch]");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const tellTheme = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-pressed", String(isDark()));
  };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("accessctl-theme", root.dataset.theme);
    } catch {
      // Then it is chosen again next time.
    }
    tellTheme();
  });
  dark.addEventListener("change", tellTheme);
  tellTheme();

  // On paper everything is unfolded.
  const folds = all("details[data-fold]");
  for (const fold of folds) fold.open = false;
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details").filter((fold) => !fold.open);
    for (const fold of closed) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
  });
  document.querySelector("[data-print]").addEventListener("click", () => print());

  // A link to something folded away opens it.
  const unfold = () => {
    const id = plain(location.hash.slice(1));
    const found = id && !id.includes("=") && document.getElementById(id);
    if (!found) return;
    for (let fold = found.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    found.scrollIntoView();
  };

  // Filters: an option counts the rows that would be left with it, the other facets standing as they are.
  const filter = document.querySelector("[data-filter]");
  if (!filter) {
    addEventListener("hashchange", unfold);
    unfold();
    return;
  }
  const search = filter.querySelector("[data-search]");
  const clear = filter.querySelector("[data-clear]");
  const status = filter.querySelector("[data-status]");
  const marks = all("[data-filtered]");
  const facets = all("[data-facet]", filter).map((element) => ({
    key: element.dataset.facet,
    options: new Map(
      all("input", element).map((box) => [box.value, { box, count: box.parentElement.querySelector("[data-count]"), found: 0 }]),
    ),
    chosen: new Set(),
  }));
  const groups = new Map();
  const groupsOf = (element) => {
    const found = [];
    for (let at = element.closest("[data-group]"); at; at = at.parentElement.closest("[data-group]")) {
      if (!groups.has(at)) {
        const own = (part) => part && part.closest("[data-group]") === at;
        const [count] = all("[data-n]", at).filter(own);
        const [head] = all("[data-head]", at).filter(own);
        groups.set(at, { element: at, left: 0, total: 0, count, head });
      }
      found.push(groups.get(at));
    }
    return found;
  };
  const items = all("[data-item]").map((element) => {
    const within = groupsOf(element);
    for (const group of within) group.total += 1;
    const values = facets.map((facet) => (element.dataset[facet.key] || "").split(" "));
    return { element, within, values, words: null, left: true };
  });
  const wordsOf = (item) => {
    if (item.words === null) {
      const heads = item.within.map((group) => (group.head ? group.head.textContent : ""));
      item.words = [item.element.textContent, ...heads].join(" ").replace(/\s+/g, " ").toLowerCase();
    }
    return item.words;
  };
  const byId = new Map(items.map((item) => [item.element.id, item]));
  const lines = all("[data-line]").map((element) => ({
    element,
    cells: all("[data-for]", element).map((cell) => ({ cell, item: byId.get(cell.dataset.for) })),
  }));
  const boxes = all("[data-band] .scroll, [data-band]");

  const isLeft = (item, terms) => {
    // Of the facets an item fails, only one may be asked about: it still counts there.
    let failed = -1;
    for (let at = 0; at < facets.length; at += 1) {
      const { chosen } = facets[at];
      if (!chosen.size || item.values[at].some((value) => chosen.has(value))) continue;
      if (failed >= 0) return null;
      failed = at;
    }
    if (terms.length && !terms.every((term) => wordsOf(item).includes(term))) return null;
    return failed;
  };
  const count = (item, at) => {
    for (const value of item.values[at]) {
      const option = facets[at].options.get(value);
      if (option) option.found += 1;
    }
  };
  const draw = () => {
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const facet of facets) for (const option of facet.options.values()) option.found = 0;
    for (const group of groups.values()) group.left = 0;
    let left = 0;
    for (const item of items) {
      const failed = isLeft(item, terms);
      item.left = failed === -1;
      item.element.hidden = !item.left;
      if (failed === null) continue;
      if (failed >= 0) count(item, failed);
      else {
        left += 1;
        facets.forEach((_, at) => count(item, at));
        for (const group of item.within) group.left += 1;
      }
    }
    for (const group of groups.values()) {
      group.element.hidden = group.left === 0;
      if (group.count) {
        group.count.textContent =
          group.left === group.total ? grouped(group.total) : `${grouped(group.left)} of ${grouped(group.total)}`;
      }
    }
    for (const line of lines) {
      let some = false;
      for (const { cell, item } of line.cells) {
        const isShown = !item || item.left;
        cell.classList.toggle("faded", !isShown);
        some = some || isShown;
      }
      line.element.hidden = !some;
    }
    for (const box of boxes) box.hidden = !box.querySelector("[data-line]:not([hidden])");
    for (const facet of facets) {
      for (const option of facet.options.values()) {
        option.count.textContent = grouped(option.found);
        option.box.parentElement.classList.toggle("on", option.box.checked);
        option.box.parentElement.classList.toggle("none", option.found === 0 && !option.box.checked);
      }
    }
    const isFiltered = left !== items.length || terms.length > 0 || facets.some((facet) => facet.chosen.size);
    clear.hidden = !isFiltered;
    filter.classList.toggle("filtered", isFiltered);
    status.textContent = isFiltered
      ? `Filtered: shows ${grouped(left)} of ${grouped(items.length)} rows.`
      : `Shows all ${grouped(items.length)} rows.`;
    for (const mark of marks) {
      mark.hidden = !isFiltered;
      mark.textContent = `Filtered: ${grouped(left)} of ${grouped(items.length)} rows`;
    }
  };

  // The filter stands in the address, so that it can be sent to somebody.
  const write = () => {
    const parts = facets.filter((facet) => facet.chosen.size).map(
      (facet) => `${facet.key}=${[...facet.chosen].map(encodeURIComponent).join(",")}`,
    );
    if (search.value) parts.unshift(`q=${encodeURIComponent(search.value)}`);
    try {
      history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.pathname + location.search);
    } catch {
      // Somewhere an address may not be changed.
    }
  };
  const read = () => {
    const parts = new Map(
      location.hash.slice(1).split("&").map((part) => {
        const at = part.indexOf("=");
        return at < 0 ? ["", ""] : [part.slice(0, at), part.slice(at + 1)];
      }),
    );
    search.value = plain(parts.get("q") || "");
    for (const facet of facets) {
      const wanted = (parts.get(facet.key) || "").split(",").map(plain);
      facet.chosen = new Set(wanted.filter((value) => facet.options.has(value)));
      for (const [value, option] of facet.options) option.box.checked = facet.chosen.has(value);
    }
  };
  const changed = () => {
    for (const facet of facets) {
      facet.chosen = new Set([...facet.options].filter(([, option]) => option.box.checked).map(([value]) => value));
    }
    draw();
    write();
  };
  let soon = 0;
  search.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(changed, 80);
  });
  filter.addEventListener("change", (event) => {
    if (event.target.type === "checkbox") changed();
  });
  clear.addEventListener("click", () => {
    search.value = "";
    for (const facet of facets) for (const option of facet.options.values()) option.box.checked = false;
    changed();
    search.focus();
  });
  addEventListener("hashchange", () => {
    if (location.hash.includes("=")) {
      read();
      draw();
    } else unfold();
  });
  read();
  draw();
  unfold();
})();
