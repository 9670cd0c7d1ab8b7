// Elements of the page.

export const $ = (id) => document.getElementById(id);

// element makes one: element('td', {class: 'number'}, 'text' or other elements).
export const element = (name, attributes = {}, ...content) => {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...content);
  return e;
};

// text sets what an element says, if it is not that already: screen readers
// and selections are left alone.
export const text = (e, value) => { if (e.textContent !== value) e.textContent = value; };

export const level = (e, value) => { if (e.dataset.level !== value) e.dataset.level = value; };

export const message = (id, says, how) => { text($(id), says); level($(id), how || ''); };

// facts shows names and values in a list of descriptions.
export const facts = (list, pairs) => {
  while (list.children.length > pairs.length) list.lastChild.remove();
  pairs.forEach(([name, value], i) => {
    const at = list.children[i] || list.appendChild(element('div', {}, element('dt'), element('dd')));
    text(at.firstChild, name);
    text(at.lastChild, value);
  });
};

// rows shows lists of cells in a table, of which the first is the row's header. A cell is a
// text, or an element that it makes anew only if the text beside it has changed.
export const rows = (table, lines) => {
  const body = table.tBodies[0];
  while (body.rows.length > lines.length) body.lastChild.remove();
  lines.forEach((cells, y) => {
    const row = body.rows[y] || body.appendChild(element('tr'));
    cells.forEach((cell, x) => {
      const at = row.children[x] || row.appendChild(element(x ? 'td' : 'th', x ? {} : { scope: 'row' }));
      if (cell.class) at.className = cell.class;
      const says = String(cell.says ?? cell);
      if (at.dataset.says === says) return;
      at.dataset.says = says;
      at.replaceChildren(cell.make ? cell.make() : says);
    });
  });
};
