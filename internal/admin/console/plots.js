// The plots of the last hour, by uPlot, each with its numbers as a table.

import * as show from './format.js';

const hour = 3600, leastMinutes = 5, tableRows = 12;

const plots = [
  { name: 'Hit ratio', series: [['Hit ratio', 'hit_ratio', 'accent']], format: show.percent, range: (min) => [min === null ? 0 : Math.min(0.9, Math.floor(min * 10) / 10), 1] },
  { name: 'Requests', series: [['Requests', 'requests_per_second', 'accent'], ['Keys without an answer', 'failures_per_second', 'bad']], format: show.rate },
  { name: 'Loads', series: [['Loads', 'loads_per_second', 'accent'], ['Queries', 'queries_per_second', 'second']], format: show.rate },
  { name: 'Latency', series: [['Median', 'p50_seconds', 'accent'], ['99 % within', 'p99_seconds', 'second']], format: show.took, log: true,
    range: (min, max) => min === null ? [1e-5, 1] : [10 ** Math.floor(Math.log10(min)), 10 ** Math.ceil(Math.log10(max * 1.01))] },
];

const legendClass = { accent: '', second: 'second', bad: 'third' };

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

// decades are the lines of a logarithmic scale.
const decades = (u, axis, min, max) => {
  const at = [], step = Math.log10(max / min) > 4 ? 2 : 1;
  for (let e = Math.round(Math.log10(min)); 10 ** e <= max * 1.001; e += step) at.push(10 ** e);
  return at;
};

// Plots shows an hour of points that come bit by bit.
export class Plots {
  latest = 0; // milliseconds since 1970, of the last point

  constructor(parent, element) {
    this.element = element;
    this.columns = {};
    this.all = plots.map((p) => this.frame(parent, p));
    // The colors are drawn, not styled.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.all.forEach((p) => this.draw(p, true)));
    new ResizeObserver(() => this.all.forEach((p) => this.resize(p))).observe(parent);
  }

  frame(parent, p) {
    const e = this.element;
    const values = p.series.map(() => e('b'));
    const legend = e('div', { class: 'legend' }, ...p.series.map(([name, , hue], i) => {
      const mark = e('i', { class: legendClass[hue], 'aria-hidden': 'true' });
      return e('span', {}, mark, name + ' ', values[i]);
    }));
    const canvas = e('div', { class: 'canvas', role: 'img' }, 'The first point comes after a few seconds.');
    const body = e('tbody');
    const table = e('table', {}, e('caption', { class: 'hidden' }, p.name + ', the last hour'),
      e('thead', {}, e('tr', {}, e('th', { scope: 'col' }, 'Until'), ...p.series.map(([name]) => e('th', { scope: 'col', class: 'number' }, name)))), body);
    const details = e('details', {}, e('summary', {}, 'As a table'), e('div', { class: 'scroll' }, table));
    const figure = e('figure', { class: 'card plot waiting' }, e('figcaption', {}, e('h3', {}, p.name), legend), canvas, details);
    parent.append(figure);
    const made = { ...p, figure, canvas, values, body, details, plot: null };
    details.addEventListener('toggle', () => this.tabulate(made));
    return made;
  }

  // forget begins anew: the service was started again.
  forget() {
    this.latest = 0;
    this.columns = {};
  }

  add(columns) {
    if (columns.at.length === 0) return;
    const names = Object.keys(columns).filter((name) => Array.isArray(columns[name]));
    for (const name of names) this.columns[name] ||= [];
    columns.at.forEach((at, i) => {
      const before = this.columns.at.at(-1);
      if (at - before > 4000 * columns.step_seconds) { // the process stood still, or the machine slept: a gap
        for (const name of names) this.columns[name].push(name === 'at' ? before + 1000 * columns.step_seconds : null);
      }
      for (const name of names) this.columns[name].push(columns[name][i]);
    });
    this.latest = columns.at.at(-1);
    const old = this.columns.at.findIndex((at) => at > this.latest - hour * 1000);
    if (old > 0) for (const name of Object.keys(this.columns)) this.columns[name].splice(0, old);
    for (const p of this.all) {
      this.draw(p);
      this.tabulate(p);
    }
  }

  data(p) {
    return [this.columns.at.map((at) => at / 1000), ...p.series.map(([, column]) => this.columns[column])];
  }

  draw(p, anew) {
    if (!this.columns.at) return;
    if (p.plot && anew) { p.plot.destroy(); p.plot = null; }
    if (p.plot) {
      p.plot.setData(this.data(p));
    } else {
      p.figure.classList.remove('waiting');
      p.canvas.textContent = '';
      p.plot = new uPlot(this.options(p), this.data(p), p.canvas);
    }
    this.legend(p);
    p.canvas.setAttribute('aria-label', this.summary(p));
  }

  options(p) {
    const axis = { stroke: color('quiet'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    return {
      width: p.canvas.clientWidth, height: 150, legend: { show: false }, padding: [8, 8, 0, 0],
      cursor: { sync: { key: 'hour' }, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { range: () => [Math.min(this.columns.at[0], this.latest - leastMinutes * 60000) / 1000, this.latest / 1000] },
        y: { distr: p.log ? 3 : 1, range: (u, min, max) => p.range ? p.range(min, max) : [0, max > 0 ? max * 1.08 : 1] },
      },
      axes: [
        { ...axis, values: (u, at) => at.map((t) => show.hour(t * 1000)), size: 24, space: 60 },
        { ...axis, values: (u, values) => values.map((v) => v === null ? '' : p.format(v)), size: 66, space: 34, ...(p.log ? { splits: decades, filter: (u, at) => at } : {}) },
      ],
      series: [{}, ...p.series.map(([name, , hue]) => ({ label: name, stroke: color(hue), width: 1.6, spanGaps: false, points: { show: this.columns.at.length < 3 } }))],
      hooks: { setCursor: [() => this.legend(p)] },
    };
  }

  // legend shows the numbers under the cursor, or the latest.
  legend(p) {
    const at = p.plot.cursor.idx ?? this.columns.at.length - 1;
    p.series.forEach(([, column], i) => { p.values[i].textContent = p.format(this.columns[column][at]); });
  }

  summary(p) {
    return p.name + ', the last hour. ' + p.series.map(([name, column]) => {
      const known = this.columns[column].filter((v) => v !== null);
      if (known.length === 0) return name + ': nothing yet.';
      return `${name}: now ${p.format(this.columns[column].at(-1))}, lowest ${p.format(Math.min(...known))}, highest ${p.format(Math.max(...known))}.`;
    }).join(' ');
  }

  // tabulate shows means of five minutes, or of less where there is less.
  tabulate(p) {
    if (!p.details.open || !this.columns.at) return;
    const n = this.columns.at.length, step = Math.max(1, Math.ceil(n / tableRows));
    const e = this.element, lines = [];
    for (let end = n; end > 0; end -= step) {
      const mean = (column) => {
        const known = this.columns[column].slice(Math.max(0, end - step), end).filter((v) => v !== null);
        return known.length ? known.reduce((a, b) => a + b) / known.length : null;
      };
      lines.push(e('tr', {}, e('th', { scope: 'row' }, show.clock(this.columns.at[end - 1])),
        ...p.series.map(([, column]) => e('td', { class: 'number' }, p.format(mean(column))))));
    }
    p.body.replaceChildren(...lines);
  }

  resize(p) {
    if (p.plot && p.canvas.clientWidth > 0 && p.plot.width !== p.canvas.clientWidth) p.plot.setSize({ width: p.canvas.clientWidth, height: 150 });
  }
}
