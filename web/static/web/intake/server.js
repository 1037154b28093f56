// Talking to the server. What goes wrong is a Trouble: `again` says whether the same may be sent again by itself.
import { config } from './words.js';

const PATIENCE = 20_000;
const ANSWERED = new Set(['refused']);

export class Trouble extends Error {
  constructor(kind, message = '', code = '') {
    super(message || kind);
    this.kind = kind;
    this.code = code;
    this.again = !ANSWERED.has(kind);
  }
}

const cookie = (name) => document.cookie.split('; ').find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';

async function send(address, options, headers = {}) {
  try {
    return await fetch(address, {
      credentials: 'same-origin', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(PATIENCE), ...options,
      headers: { 'Accept-Language': config.language, 'X-CSRFToken': cookie('csrftoken'), ...headers },
    });
  } catch {
    throw new Trouble('offline');
  }
}

async function json(response) {
  try {
    return await response.json();
  } catch {
    // Whatever answered, it was not our server's answer: a hotel's sign-in page, a proxy, a connection that broke off.
    throw new Trouble(response.status >= 500 ? 'server' : 'offline');
  }
}

function judge(status, errors) {
  const code = errors?.[0]?.extensions?.code ?? errors?.[0]?.code ?? '';
  const message = errors?.map((error) => error.message).join(' ') ?? '';
  if (code === 'operator') return new Trouble('operator', message, code);
  if (status === 401 || code === 'sign_in' || code === 'second_factor') return new Trouble('sign_in', message, code);
  if (code === 'csrf') return new Trouble('csrf', message, code);
  if (status === 429 || code === 'over_budget') return new Trouble('busy', message, code);
  if (status >= 500 || code === 'internal_error' || code === 'concurrent_change') return new Trouble('server', message, code);
  return new Trouble('refused', message, code);
}

// Asks once more where only the token of the page was stale.
async function withToken(work) {
  try {
    return await work();
  } catch (trouble) {
    if (trouble.kind !== 'csrf') throw trouble;
    await state();
    return work();
  }
}

export function ask(query, variables, operator) {
  return withToken(async () => {
    const body = JSON.stringify({ query, variables });
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
    if (operator) headers['X-Operator'] = String(operator);
    const response = await send(config.addresses.graphql, { method: 'POST', body }, headers);
    const answer = await json(response);
    if (!response.ok || answer.errors?.length) throw judge(response.status, answer.errors);
    return answer.data;
  });
}

export function sendFile(blob, name) {
  return withToken(async () => {
    const form = new FormData();
    form.append('file', blob, name);
    const response = await send(config.addresses.attachments, { method: 'POST', body: form });
    const answer = await json(response);
    if (!response.ok) throw judge(response.status, answer.errors);
    return answer;
  });
}

export function post(address, value) {
  return withToken(async () => {
    const response = await send(address, { method: 'POST', body: JSON.stringify(value) }, { 'Content-Type': 'application/json' });
    const answer = await json(response);
    if (!response.ok) throw judge(response.status, answer.errors);
    return answer;
  });
}

export async function get(address) {
  const response = await send(address, {});
  if (response.status === 401 || response.status === 404) throw new Trouble('sign_in');
  const answer = await json(response);
  if (!response.ok) throw judge(response.status, answer.errors);
  return answer;
}

export const state = () => get(config.addresses.state);
