// Draws one question into the form, from the same markup that the server draws it with, and reads
// the answer back. Knows nothing of the network.

export function questionPage(form, total) {
  const page = form.dataset;
  const fields = form.querySelector("#isian");
  const heading = form.querySelector("#judul");
  const stem = form.querySelector("#pokok");
  const box = form.querySelector("#benturan");
  const stateBox = form.querySelector("#keadaan");
  const progress = form.querySelector("#kemajuan");
  const [next, back, marked] = ['[name="ke"]', "#kembali", "#tandai"].map((one) => form.querySelector(one));
  const entries = [...form.querySelectorAll("#daftar li")];
  const inputs = () => [...fields.querySelectorAll('[name^="jawaban"]')];
  const kindOf = (item) => (item.type === "true_false" ? "single" : item.type);
  const headingOf = (index) => page.wordHeading.replace("{n}", index);
  const promptOf = (field) => field.name.slice("jawaban-".length);

  const say = (element, text, language) => Object.assign(element, { textContent: text, lang: language });

  // One copy of the pattern for each row; ``fill`` writes the row into its copy.
  function repeat(pattern, rows, fill) {
    const copies = rows.map((row) => {
      const copy = pattern.cloneNode(true);
      fill(copy, row);
      return copy;
    });
    pattern.replaceWith(...copies);
  }

  function drawFields(item) {
    const kind = kindOf(item);
    const drawn = document.querySelector(`template[data-kind="${kind}"]`).content.cloneNode(true);
    if (kind === "numeric") {
      const unit = drawn.querySelector("[data-unit]");
      if (item.unit) say(unit, ...item.unit);
      else unit.remove();
    } else if (kind === "matching") {
      repeat(drawn.querySelector(".field"), item.prompts, (copy, [id, letter, text, language]) => {
        const [label, select] = [copy.querySelector("label"), copy.querySelector("select")];
        say(label, text, language).htmlFor = select.id = `j-${letter}`;
        select.name = `jawaban-${id}`;
        for (const [target, , words, spoken] of item.targets) {
          const option = new Option(words, target);
          option.lang = spoken;
          select.add(option);
        }
      });
    } else {
      repeat(drawn.querySelector("li"), item.options, (copy, [id, letter, text, language]) => {
        const [label, input] = [copy.querySelector("label"), copy.querySelector("input")];
        label.htmlFor = input.id = `j-${letter}`;
        input.value = id;
        say(copy.querySelector("span"), text, language);
      });
    }
    fields.replaceChildren(drawn);
  }

  const view = {
    say(text, isGood) {
      if (stateBox.textContent.trim() !== text) stateBox.textContent = text;
      stateBox.className = `save-state ${isGood ? "ok" : "warn"}`;
    },

    draw(item) {
      document.title = document.title.replace(heading.textContent.trim(), headingOf(item.index));
      heading.textContent = headingOf(item.index);
      say(stem, ...item.stem);
      drawFields(item);
      view.write(item);
      next.value = item.index < total ? item.index + 1 : "periksa";
      back.value = item.index - 1;
      back.hidden = item.index === 1;
      view.mark(item.flagged);
    },

    focus() {
      heading.focus({ preventScroll: true });
      form.scrollIntoView({ block: "start" });
    },

    mark(isMarked) {
      marked.setAttribute("aria-pressed", isMarked);
      marked.textContent = isMarked ? page.wordUnmark : page.wordMark;
    },

    // Says of each question whether it is answered, and of how many.
    list(items, current) {
      let answered = 0;
      for (const [place, item] of items.entries()) {
        const [link, words] = [entries[place].querySelector("a"), entries[place].lastElementChild];
        const [filled, rows] = [item.value === null ? 0 : Object.keys(item.value).length, item.prompts.length];
        const isAnswered = item.value !== null && (!rows || filled === rows);
        answered += isAnswered;
        const partly = () => page.wordIncomplete.replace("{n}", filled).replace("{total}", rows);
        const word = isAnswered ? page.wordAnswered : item.value === null ? page.wordEmpty : partly();
        words.textContent = item.flagged ? `${word}, ${page.wordMarked}` : word;
        if (item.index === current) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      progress.textContent = page.wordProgress.replace("{n}", answered);
    },

    // --- the answer -----------------------------------------------------------------------------
    read(item) {
      const all = inputs();
      if (item.type === "matching") {
        const pairs = all.filter((field) => field.value);
        if (!pairs.length) return null;
        return Object.fromEntries(pairs.map((field) => [promptOf(field), field.value]));
      }
      if (item.type === "numeric") return all[0].value.trim() ? { raw: all[0].value } : null;
      const chosen = all.filter((field) => field.checked).map((field) => field.value);
      if (item.type === "multiple") return chosen.length ? chosen : null;
      return chosen[0] ?? null;
    },

    write({ type, value, reading }) {
      for (const field of inputs()) {
        if (type === "matching") field.value = value?.[promptOf(field)] ?? "";
        else if (type === "numeric") field.value = value?.raw ?? "";
        else field.checked = Array.isArray(value) ? value.includes(field.value) : field.value === value;
      }
      view.reading(reading);
    },

    // How a typed number was read: "1.500" is a thousand and a half.
    reading(text) {
      const echo = fields.querySelector("[data-reading]");
      if (echo && echo.textContent !== (text ?? "")) echo.textContent = text ?? "";
    },

    inWords(value) {
      if (value === null || value === undefined) return page.wordEmpty;
      if (value.raw !== undefined) return value.raw;
      const label = (one) => {
        const field = inputs().find((each) => each.value === one && each.type !== "select-one");
        return field ? field.closest("label").textContent.trim() : one;
      };
      if (typeof value === "string" || Array.isArray(value)) return [].concat(value).map(label).join("; ");
      return Object.entries(value)
        .map(([prompt, target]) => {
          const select = inputs().find((each) => promptOf(each) === prompt);
          const option = [...(select?.options ?? [])].find((each) => each.value === target);
          return `${select?.labels[0].textContent.trim() ?? ""}: ${option?.textContent.trim() ?? ""}`;
        })
        .join("; ");
    },

    // Two copies of the answer and the choice between them; nothing hides it.
    conflict(held, choices) {
      box.hidden = !held;
      if (!held) return;
      const line = (text) => Object.assign(document.createElement("p"), { textContent: text });
      const button = (text, act) =>
        Object.assign(document.createElement("button"), {
          type: "button",
          className: "button secondary",
          textContent: text,
          onclick: act,
        });
      const choice = Object.assign(document.createElement("div"), { className: "actions" });
      choice.append(button(page.wordKeepServer, choices.server), button(page.wordKeepMine, choices.mine));
      box.setAttribute("role", "alert");
      const inner = box.querySelector("div");
      inner.replaceChildren(
        inner.firstElementChild,
        line(`${page.wordServer} ${view.inWords(held.told.value)}`),
        line(`${page.wordHere} ${view.inWords(held.entry.value)}`),
        choice,
      );
    },
  };
  return view;
}
