// Numbers and times for people. Each function gives a dash for what is not known.

const none = '–';
const known = (n) => n !== null && n !== undefined && !Number.isNaN(n);

export const count = (n) => known(n) ? Math.round(n).toLocaleString('en') : none;

export const percent = (ratio) => {
  if (!known(ratio)) return none;
  const digits = ratio > 0.995 && ratio < 1 ? 2 : 1;
  // 99.996 % is not 100 %.
  return (Math.floor(ratio * 100 * 10 ** digits + 1e-9) / 10 ** digits).toFixed(digits) + ' %';
};

export const rate = (n) => {
  if (!known(n)) return none;
  if (n >= 10 || n === 0) return count(n) + '/s';
  return n.toPrecision(2) + '/s';
};

export const bytes = (n) => {
  if (!known(n)) return none;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return (n >= 100 || i === 0 || Number.isInteger(n) ? Math.round(n) : n.toPrecision(3)) + ' ' + units[i];
};

// took is a short time, such as a latency, from seconds.
export const took = (s) => {
  if (!known(s)) return none;
  if (s === 0) return '0';
  const [n, unit] = s < 0.001 ? [s * 1e6, ' µs'] : s < 1 ? [s * 1e3, ' ms'] : [s, ' s'];
  return Number(n.toPrecision(n < 10 ? 2 : 3)) + unit;
};

// span is a long time, such as an age, from seconds.
export const span = (s) => {
  if (!known(s)) return none;
  s = Math.round(Math.abs(s));
  if (s < 60) return s + ' s';
  const d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60;
  if (d > 0) return d + ' d ' + h + ' h';
  if (h > 0) return h + ' h ' + m + ' min';
  return m + ' min' + (s % 60 ? ' ' + s % 60 + ' s' : '');
};

export const clock = (at) => new Date(at).toLocaleTimeString('en-GB');

// when is a time, with its day if that is not today.
export const when = (at) => {
  const day = (d) => d.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const of = new Date(at), today = day(new Date());
  return (day(of) === today ? '' : day(of) + ' ') + clock(at);
};

export const hour = (at) => clock(at).slice(0, 5);
