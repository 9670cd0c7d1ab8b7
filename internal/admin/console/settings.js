// The settings: sliders for what can be changed while the service runs.

import * as show from './format.js';

const MiB = 1024 ** 2, GiB = 1024 ** 3;
const sizes = [1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768].map((n) => n + 'MiB')
  .concat([1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64].map((n) => n + 'GiB'));
const times = ['0s', '1s', '2s', '5s', '10s', '15s', '30s', '1m', '2m', '5m', '10m', '15m', '30m', '1h', '2h', '4h', '8h', '12h', '24h', '48h', '96h', '168h'];
const numbers = ['0', '1000', '2000', '5000', '10000', '20000', '50000', '100000', '200000', '500000', '1000000', '2000000', '5000000', '10000000'];

// Kinds of settings: the stops of a slider, and what a text is as a number, to
// find its place among them.
const size = { stops: sizes, parse: (t) => parseFloat(t) * ({ k: 1024, m: MiB, g: GiB, t: 1024 * GiB }[(t.match(/[kmgt]/i) || [''])[0].toLowerCase()] || 1) };
const time = { stops: times, parse: (t) => [...t.matchAll(/([\d.]+)(ms|h|m|s)/g)].reduce((sum, [, n, unit]) => sum + n * { ms: 0.001, s: 1, m: 60, h: 3600 }[unit], 0) };
const number = { stops: numbers, parse: Number };
const kinds = {
  'cache-bytes': size, 'cache-entries': number, 'max-entry-bytes': size, 'negative-entries': number,
  ttl: time, 'stale-while-revalidate': time, 'stale-if-error': time, 'negative-ttl': time,
};
const choices = { 'log-level': ['DEBUG', 'INFO', 'WARN', 'ERROR'] };

// short is a value without what says nothing: 5m0s is 5m.
const short = (t) => t.replace(/^(\d+h)0m0s$/, '$1').replace(/^((?:\d+h)?\d+m)0s$/, '$1');

const sources = { flag: 'flag', environment: 'environment', default: 'default', admin: 'changed here' };

// Settings shows them and changes them.
export class Settings {
  constructor(page) {
    this.page = page;
    this.fields = new Map(); // by name
    this.refused = false;
    const { $ } = page;
    $('tune').onsubmit = (e) => { e.preventDefault(); this.apply(); };
    $('tune').onreset = (e) => { e.preventDefault(); this.fields.forEach((f) => f.set(f.value)); this.changed(); page.message('tune-message', ''); };
  }

  // refresh asks for the settings. What somebody is about to change stays.
  async refresh() {
    const { $, ask, rows } = this.page;
    const settings = (await ask('/api/config')).settings;
    $('settings').hidden = false;
    for (const s of settings.filter((s) => s.runtime)) this.show(s);
    rows($('all-settings'), settings.map((s) => ['-' + s.name, { says: short(s.value) || '(none)', class: 'wrap' }, sources[s.source] || s.source]));
    this.changed();
  }

  show(s) {
    let field = this.fields.get(s.name);
    if (!field) {
      field = choices[s.name] ? this.choice(s) : this.slider(s);
      this.fields.set(s.name, field);
      this.page.$('tunables').append(field.row);
    }
    const untouched = field.value === undefined || field.get() === field.value;
    field.value = short(s.value);
    field.from.textContent = sources[s.source] || s.source;
    if (untouched) field.set(field.value);
  }

  row(s, control, ...more) {
    const { element } = this.page, id = 'set-' + s.name;
    control.id = id;
    const from = element('span', { class: 'quiet from' });
    const help = element('p', { class: 'quiet', id: id + '-help' }, s.help || '');
    control.setAttribute('aria-describedby', id + '-help');
    const row = element('div', { class: 'tunable' }, element('label', { for: id }, '-' + s.name), from, ...more, control, help);
    return { row, from };
  }

  slider(s) {
    const { element } = this.page, kind = kinds[s.name];
    const text = element('input', { type: 'text', autocomplete: 'off', spellcheck: 'false' });
    text.oninput = () => { place(text.value); this.changed(); };
    if (!kind) return { ...this.row(s, text, element('span')), get: () => text.value.trim(), set: (v) => { text.value = v; } };
    const range = element('input', { type: 'range', min: 0, max: kind.stops.length - 1, step: 1, 'aria-label': '-' + s.name + ', slider' });
    const place = (value) => {
      const wanted = kind.parse(value);
      const at = kind.stops.findLastIndex((stop) => kind.parse(stop) <= wanted);
      range.value = Math.max(0, at);
      range.setAttribute('aria-valuetext', value);
    };
    range.oninput = () => { text.value = kind.stops[range.value]; range.setAttribute('aria-valuetext', text.value); this.changed(); };
    return { ...this.row(s, text, range), get: () => text.value.trim(), set: (v) => { text.value = v; place(v); } };
  }

  choice(s) {
    const { element } = this.page;
    const select = element('select', {}, ...choices[s.name].map((c) => element('option', {}, c)));
    select.onchange = () => this.changed();
    return { ...this.row(s, select), get: () => select.value, set: (v) => { select.value = v; } };
  }

  // wanted are the values that differ from those in force.
  wanted() {
    return [...this.fields].filter(([, f]) => f.get() !== f.value).map(([name, f]) => [name, f.get()]);
  }

  changed() {
    const { $ } = this.page, wanted = this.wanted();
    this.fields.forEach((f) => f.row.classList.toggle('changed', f.get() !== f.value));
    $('tune-apply').disabled = wanted.length === 0 || this.refused;
    $('tune-reset').disabled = wanted.length === 0;
  }

  refuse(refused) {
    if (this.refused === refused) return;
    this.refused = refused;
    this.changed();
    this.page.message('tune-message', refused ? 'Changes are refused on this listener: the service was started without -admin-token-file.' : '', 'bad');
  }

  async apply() {
    const { change, message } = this.page, wanted = this.wanted();
    try {
      await change('PATCH', '/api/config', Object.fromEntries(wanted));
      for (const [name, value] of wanted) this.fields.get(name).value = value;
      await this.refresh();
      message('tune-message', 'Changed: ' + wanted.map(([name, value]) => `-${name} ${value}`).join(', ') + '.', 'ok');
    } catch (e) {
      message('tune-message', 'Nothing was changed. ' + e.message, 'bad');
    }
  }

  // sizing shows what the hit ratio would be with half and with double the cache.
  sizing(s) {
    const { $ } = this.page;
    const known = s && [s.half, s.now, s.double].every((n) => typeof n === 'number');
    $('sizing').hidden = !known;
    if (!known) return;
    const says = `With half of -cache-bytes the hit ratio would be ${show.percent(s.half)}, as it is ${show.percent(s.now)}, with double ${show.percent(s.double)}.`;
    if (this.sized === says) return;
    this.sized = says;
    $('sizing').replaceChildren(this.page.element('p', {}, says), curve([['half', s.half], ['now', s.now], ['double', s.double]]));
  }
}

// curve draws three ratios.
const curve = (points) => {
  const svg = (name, attributes, text) => {
    const e = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
    if (text) e.textContent = text;
    return e;
  };
  const ratios = points.map(([, r]) => r);
  const low = Math.min(...ratios), room = Math.max(0.02, Math.max(...ratios) - low);
  const at = (i, r) => [40 + 90 * i, 58 - 34 * (r - low) / room];
  const drawing = svg('svg', { viewBox: '0 0 260 84', 'aria-hidden': 'true' });
  drawing.append(svg('path', { d: 'M' + points.map(([, r], i) => at(i, r).join(' ')).join('L') }));
  points.forEach(([name, r], i) => {
    const [x, y] = at(i, r);
    drawing.append(svg('circle', { cx: x, cy: y, r: 3.5 }), svg('text', { x, y: y - 8 }, show.percent(r)), svg('text', { x, y: 80, class: 'quiet' }, name));
  });
  return drawing;
};
