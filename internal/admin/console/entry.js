// One key: its state, its history, and purging it.

import { $, element, facts, message, text } from './dom.js';
import { ask, change, Refusal } from './api.js';
import * as show from './format.js';

let looked = null; // what was looked up last

export const stateNames = { fresh: 'fresh', expired: 'expired', invalidated: 'invalidated', absent: 'no such row', 'not-cached': 'not cached' };

export const stateTag = (name) => element('span', { class: 'tag', 'data-state': name }, stateNames[name] || name);

const entryPath = (lookup, key) => '/api/cache/' + encodeURIComponent(lookup) + '/' + encodeURIComponent(key);

export const look = async (lookup, key, scroll) => {
  try {
    showEntry(await ask(entryPath(lookup, key)));
    message('look-message', '');
    if (scroll) { $('look').scrollIntoView({ block: 'nearest' }); $('look-key').focus({ preventScroll: true }); }
  } catch (e) {
    $('entry').hidden = true;
    looked = null;
    message('look-message', e instanceof Refusal ? e.message : 'The service does not answer.', 'bad');
  }
};

const serves = {
  hit: 'A request gets it from memory.',
  stale: 'A request gets it from memory, stale, and a refresh begins.',
  negative: 'A request gets 404, or an empty listing, from memory.',
  load: 'A request waits for a load from MySQL.',
};

const why = (e) => {
  if (e.state === 'not-cached') return 'Not in memory. ' + serves.load;
  const then = e.serves === 'load' && e.on_failure ? ' If that fails, it gets this value.' : '';
  switch (e.state) {
    case 'fresh': return 'Fresh for ' + show.span(e.ttl_seconds) + ' more. ' + serves[e.serves];
    case 'absent': return 'MySQL had no such row. Remembered for ' + show.span(e.ttl_seconds) + ' more. ' + serves[e.serves];
    case 'invalidated': return 'Told to be stale at ' + show.when(e.invalidated_at) + '. ' + serves[e.serves] + then;
  }
  return 'Its lifetime ended ' + show.span(e.ttl_seconds) + ' ago. ' + serves[e.serves] + then;
};

const asked = (h) => {
  if (h.per_second > 0) return 'about ' + show.rate(h.per_second);
  return h.per_second_at_most > 0 ? 'less than ' + show.rate(h.per_second_at_most) : 'not lately';
};

const by = { purge: 'a purge', binlog: 'the follower of the binlog', audit: 'an audit, which found it stale', reload: 'a reload, by which the lookup has changed' };

const events = {
  loaded: ['Loaded from MySQL', 'ok'],
  absent: ['MySQL had no such row', 'warn'],
  'not-stored': ['Loaded, but not kept: too large, or no room', 'warn'],
  superseded: ['Loaded, but not kept: changed meanwhile', 'warn'],
  'load-failed': ['A load failed', 'bad'],
  expired: ['Its lifetime ended', 'warn'],
  evicted: ['Evicted, to make room for others', 'bad'],
  invalidated: ['Told to be stale by ', 'bad'],
  'invalidated-all': ['The whole lookup was told to be stale by ', 'bad'],
};

const showEntry = (e) => {
  looked = e;
  $('entry').hidden = false;
  $('entry-title').replaceChildren(e.lookup + '/' + e.key + ' ', stateTag(e.state));
  text($('entry-says'), why(e) + (e.loading ? ' One is under way.' : ''));
  const there = e.age_seconds !== null;
  facts($('entry-facts'), [
    ['Age', there ? show.span(e.age_seconds) : '–'],
    ['Lifetime left', there ? (e.ttl_seconds > 0 ? show.span(e.ttl_seconds) : 'none') : '–'],
    ['Size in memory', there ? show.bytes(e.bytes) : '–'],
    ['Asked for', asked(e.hits)],
    ['Loaded at', there ? show.when(e.loaded_at) : '–'],
    ['Queries a load', String(e.queries_per_load)],
  ]);
  $('entry-no-events').hidden = e.events.length > 0;
  $('entry-events').replaceChildren(...e.events.map((v) => {
    const [says, how] = events[v.what] || [v.what, ''];
    return element('li', { 'data-level': how }, element('time', { datetime: v.at }, show.when(v.at)),
      says + (by[v.by] || '') + (v.mode === 'remove' ? ', and removed' : ''));
  }));
};

export const purge = async (mode) => {
  if (!looked) return;
  const { lookup, key } = looked;
  try {
    await change('POST', '/api/purge', { lookup, keys: [key], mode });
    await look(lookup, key);
    message('look-message', mode === 'remove' ? 'Removed.' : 'Purged: the next request loads it.', 'ok');
  } catch (e) {
    message('look-message', 'Not purged. ' + e.message, 'bad');
  }
};
