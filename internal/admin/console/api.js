// The admin API.

import { $ } from './dom.js';

export const tokenKey = 'productcache.token'; // in sessionStorage: gone with the tab

// A Refusal is an answer that is none of 2xx.
export class Refusal extends Error {
  constructor(status, detail) { super(detail); this.status = status; }
}

// ask sends a request to the API and returns the JSON of its answer.
export const ask = async (path, options = {}) => {
  const headers = { ...options.headers };
  const token = sessionStorage.getItem(tokenKey);
  if (options.method && token) headers.Authorization = 'Bearer ' + token;
  if (options.body) headers['Content-Type'] = 'application/json';
  const response = await fetch(path, { ...options, headers, signal: AbortSignal.timeout(10000), cache: 'no-store' });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, body.detail || body.title || response.statusText);
  return body;
};

// change is ask for what changes something; it says what to do about a refusal.
export const change = async (method, path, body) => {
  try {
    return await ask(path, { method, body: JSON.stringify(body) });
  } catch (e) {
    if (e.status === 401) {
      $('token').focus();
      throw new Error(sessionStorage.getItem(tokenKey) ? 'The token is wrong.' : 'This needs the admin token: enter it at the top of the page.');
    }
    throw e instanceof Refusal ? e : new Error('The service does not answer.');
  }
};
