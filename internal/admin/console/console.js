// The console: asks the admin API for its numbers and shows them. Without a
// build step, and without anything from elsewhere.

import * as show from './format.js';
import { $, element, facts, level, message, rows, text } from './dom.js';
import { ask, change, tokenKey } from './api.js';
import { look, purge, stateTag } from './entry.js';
import { Plots } from './plots.js';
import { Settings } from './settings.js';

const statsPause = 2000, historyPause = 5000, topPause = 5000, settingsPause = 30000;

// every calls f now and then, again after each pause, while the page is seen.
const every = (pause, f) => {
  const turn = async () => {
    if (!document.hidden) await f().catch((e) => console.debug(e));
    setTimeout(turn, pause);
  };
  turn();
};

let stats = null; // the last answer of /api/stats
let reached = 0;  // when that came

// --- the state of things

const banner = (message, how) => {
  $('banner').hidden = !message;
  if (message) { text($('banner'), message); level($('banner'), how); }
};

const state = (id, message, how) => { text($(id), message); level($(id), how); };

const unreachable = () => {
  state('state-service', 'Service: not reached', 'bad');
  state('state-mysql', 'MySQL: unknown', 'unknown');
  state('state-binlog', 'Binlog: unknown', 'unknown');
  banner(reached ? 'The service does not answer. The numbers below are of ' + show.clock(reached) + '.'
    : 'The service does not answer. This page tries again every two seconds.', 'bad');
};

const showStates = () => {
  const ready = stats.not_ready.length === 0;
  state('state-service', ready ? 'Service: ready' : 'Service: not ready', ready ? 'ok' : 'warn');
  const m = stats.mysql;
  state('state-mysql', !m.up ? 'MySQL: down' : m.failing ? 'MySQL: loads fail' : 'MySQL: up', !m.up ? 'bad' : m.failing ? 'warn' : 'ok');
  const b = stats.binlog;
  state('state-binlog', !b ? 'Binlog: not followed' : b.following ? 'Binlog: followed' : 'Binlog: lost', !b ? 'unknown' : b.following ? 'ok' : 'bad');
  const tier = stats.tier;
  $('state-tier').hidden = !tier;
  if (tier) state('state-tier', tier.usable ? 'Second tier: in use' : 'Second tier: away', tier.usable ? 'ok' : 'warn');
  if (!m.up) banner('MySQL cannot be reached. What is cached is served, stale where it must be; other keys get 503.', 'bad');
  else if (m.failing) banner('The last load from MySQL has failed. What is cached is served, stale where it must be; the log says why.', 'warn');
  else if (b && !b.following) banner('The binlog is not followed at the moment: changes are seen when lifetimes end. The log says why.', 'warn');
  else if (tier && !tier.usable) banner('The second tier is away: this node works alone. ' + (tier.trouble || ''), 'warn');
  else if (!ready) banner('The service is not ready: ' + stats.not_ready.join('; ') + '.', 'warn');
  else banner('');
};

const showAccess = () => {
  $('access').hidden = stats.changes !== 'token';
  $('token-forget').hidden = !sessionStorage.getItem(tokenKey);
  const refused = stats.changes === 'refused';
  for (const id of ['purge-stale', 'purge-remove']) $(id).disabled = refused;
  if (refused) text($('purge-note'), 'Changes are refused on this listener: the service was started without -admin-token-file.');
  settings.refuse(refused);
};

// --- the numbers

const showFigures = () => {
  const r = stats.recent || {};
  text($('hit-ratio'), show.percent(stats.recent ? r.hit_ratio : stats.hit_ratio));
  text($('hit-ratio-total'), 'since the start ' + show.percent(stats.hit_ratio));
  text($('requests'), show.rate(r.requests_per_second));
  text($('requests-total'), show.count(stats.requests) + ' since the start');
  text($('loads'), show.rate(r.loads_per_second));
  text($('loads-note'), stats.loads.busy_slots + ' running, ' + show.count(stats.loads.waiters) + ' waiting');
  text($('latency'), show.took(r.p50_seconds));
  text($('latency-note'), '99 % within ' + show.took(r.p99_seconds));
  const m = stats.memory;
  text($('memory'), show.bytes(m.bytes));
  text($('memory-note'), 'of ' + show.bytes(m.max_bytes) + ', ' + show.count(m.entries) + ' entries');
  $('memory-bar').style.width = Math.min(100, 100 * m.bytes / m.max_bytes) + '%';
  text($('version'), stats.version);
  text($('uptime'), '· up ' + show.span(stats.uptime_seconds));
};

const showSaved = () => {
  const q = stats.queries;
  if (q.without_cache === 0) return;
  $('saved').replaceChildren('MySQL would have had ', element('b', {}, show.count(q.without_cache)), ' queries, it had ',
    element('b', {}, show.count(q.sent)), '.');
};

const showDatabase = () => {
  const m = stats.mysql, b = stats.binlog, q = stats.queries;
  text($('database-title'), stats.tier ? 'MySQL, binlog and second tier' : 'MySQL and binlog');
  facts($('database'), [
    ['MySQL', m.up ? (m.failing ? 'up, but loads fail' : 'up') : 'down'],
    ['Queries', show.count(q.sent)],
    ['Loads that failed', show.count(stats.loads.errors)],
    ['Abandoned queries', show.count(m.abandoned)],
    ['Evictions', show.count(stats.memory.evictions)],
    ['Process in memory', stats.memory.process_bytes ? show.bytes(stats.memory.process_bytes) : '–'],
    ['Refused, failed keys', show.count(stats.refused) + ', ' + show.count(stats.failed)],
    ['Stale, found by audits', show.count(stats.audits.stale)],
    ...(b ? [
      ['Binlog', b.following ? 'followed' : 'not followed now'],
      ['Lag', b.last_event ? show.took(b.lag_seconds) : '–'],
      ['Last sign of life', b.last_event ? show.clock(b.last_event) : 'none'],
      ['Keys made stale', show.count(b.invalidated_keys)],
      ['Lookups made stale', show.count(b.invalidated_lookups)],
      ['Gaps, disconnects', show.count(b.gaps) + ', ' + show.count(b.disconnects)],
    ] : [['Binlog', 'not followed']]),
    ...(stats.tier ? [
      ['Second tier', stats.tier.usable ? 'in use' : 'away'],
      ['Other nodes', stats.tier.nodes.length ? stats.tier.nodes.join(', ') : 'none'],
      ['Keys it had', show.count(stats.tier.hits + stats.tier.absences) + (stats.tier.hit_ratio === null ? '' : ', ' + show.percent(stats.tier.hit_ratio))],
      ['Keys read from MySQL', show.count(stats.tier.loaded)],
      ['Waited for other nodes', show.count(stats.tier.waited)],
      ['Stored, not stored', show.count(stats.tier.stored) + ', ' + show.count(stats.tier.unstored)],
      ['An exchange takes', stats.tier.exchanges ? show.took(stats.tier.exchange_mean_seconds) : '–'],
      ['Purges of other nodes', show.count(stats.tier.heard)],
    ] : []),
  ]);
};

const number = (says) => ({ says, class: 'number' });

const showLookups = () => {
  $('lookups').hidden = stats.lookups.length === 0;
  $('lookups-none').hidden = stats.lookups.length > 0;
  rows($('lookups'), stats.lookups.map((l) => [l.name, number(show.count(l.entries)), number(show.bytes(l.bytes)),
    number(show.percent(l.hit_ratio)), number(show.count(l.queries_per_load)), number(show.count(l.queries_saved))]));
  const options = $('look-lookup');
  if (stats.lookups.map((l) => l.name).join() === [...options.options].map((o) => o.value).join()) return;
  const chosen = options.value;
  options.replaceChildren(...stats.lookups.map((l) => element('option', {}, l.name)));
  if (chosen) options.value = chosen;
};

const showHottest = (keys) => {
  if ($('hottest').matches(':hover, :focus-within')) return; // nothing moves away from under a hand
  $('hottest').hidden = keys.length === 0;
  $('hottest-none').hidden = keys.length > 0;
  rows($('hottest'), keys.map((k) => [
    { says: k.lookup + '/' + k.key, class: 'wrap', make: () => {
      const link = element('button', { type: 'button', class: 'link' }, k.lookup + '/' + k.key);
      link.onclick = () => { $('look-lookup').value = k.lookup; $('look-key').value = k.key; look(k.lookup, k.key, true); };
      return link;
    } },
    number(show.rate(k.per_second)),
    { says: show.percent(k.share) + ' of ' + show.percent(keys[0].share), class: 'share', make: () => {
      const bar = element('span', { class: 'bar', 'aria-hidden': 'true' }, element('i'));
      bar.firstChild.style.width = 100 * k.share / keys[0].share + '%';
      const cell = document.createDocumentFragment();
      cell.append(bar, ' ' + show.percent(k.share));
      return cell;
    } },
    { says: k.state, make: () => stateTag(k.state) },
  ]));
};

// --- begin

const plots = new Plots($('plots'), element);
const settings = new Settings({ $, element, text, message, rows, ask, change });

const showStats = async () => {
  try {
    const before = stats;
    stats = await ask('/api/stats');
    reached = Date.now();
    if (before && stats.uptime_seconds < before.uptime_seconds) plots.forget();
  } catch (e) {
    unreachable();
    return;
  }
  showStates();
  showAccess();
  showFigures();
  showSaved();
  showLookups();
  showDatabase();
  settings.sizing(stats.sizing);
};

$('look-form').onsubmit = (e) => { e.preventDefault(); look($('look-lookup').value, $('look-key').value); };
$('purge-stale').onclick = () => purge('stale');
$('purge-remove').onclick = () => purge('remove');
$('access').onsubmit = (e) => {
  e.preventDefault();
  sessionStorage.setItem(tokenKey, $('token').value.trim());
  $('token').value = '';
  $('token-forget').hidden = false;
  text($('token-note'), 'Will be sent with changes. Kept in this tab only.');
};
$('token-forget').onclick = () => {
  sessionStorage.removeItem(tokenKey);
  $('token-forget').hidden = true;
  text($('token-note'), 'Forgotten.');
  $('token').focus();
};

every(statsPause, showStats);
every(historyPause, async () => plots.add(await ask('/api/stats/history?since=' + plots.latest)));
every(topPause, async () => showHottest((await ask('/api/top?n=15')).keys));
every(settingsPause, () => settings.refresh());
