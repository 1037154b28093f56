// Writes an event from its bytes as the server writes it (web/battery/telling.py), and compares that with the page.

import { sha256OfText } from './chain.js';

const MOST = 20;
const ZONE_MS = 8 * 3600 * 1000;
const NOT_SHOWN = new Set(['extra', 'replacement']);

export const moment = (iso) => new Date(Date.parse(iso) + ZONE_MS).toISOString().slice(0, 19).replace('T', ' ');

export function told(name, value, words) {
  if (Array.isArray(value)) {
    const text = value.slice(0, MOST).map((one) => told(name, one, words)).join(', ');
    return value.length > MOST ? `${text} … (${value.length})` : text;
  }
  if (value !== null && typeof value === 'object') {
    if (name === 'components') return String(value.code ?? '');
    return Object.keys(value).sort().map((key) => `${words.fields[key] ?? key} ${told(key, value[key], words)}`).join('; ');
  }
  if (typeof value === 'boolean') return value ? '✓' : '✗';
  return words.values[name]?.[value] ?? String(value);
}

const isCommitment = (value, method) =>
  value !== null && typeof value === 'object' && Object.keys(value).length === 1 && /^[0-9a-f]{64}$/.test(value[method] ?? '');

const text = (element) => element.textContent.trim();

// What stands in the details of an event: inline, in a list beside the body, or as a commitment alone.
async function detailsOf(details, prefix, contents) {
  const values = new Map();
  const committed = new Set();
  let isWrong = false;
  for (const [name, value] of Object.entries(details)) {
    if (NOT_SHOWN.has(name)) continue;
    const beside = contents[prefix + name];
    if (isCommitment(value, 'hmac')) committed.add(name);
    else if (!isCommitment(value, 'sha256')) values.set(name, value);
    else if (beside !== undefined && (await sha256OfText(beside)) === value.sha256) values.set(name, JSON.parse(beside));
    else isWrong = true;
  }
  return { values, committed, isWrong };
}

function expected(row, { event, body, computed }, content, words) {
  const site = content.site && Object.keys(content.site).length ? told('site', content.site, words) : null;
  return {
    type: words.types[content.type] ?? content.type,
    occurred: moment(content.occurredAt),
    recorded: moment(body.recordedAt),
    organisation: body.organisation,
    actor: body.actor,
    corrects: body.details.corrects ?? null,
    record: body.record,
    key: body.key,
    hash: computed,
    previous: body.previousHash ?? '—',
    site,
  };
}

function differing(row, wanted) {
  const wrong = [...row.querySelectorAll('[data-shown]')]
    .filter((element) => text(element) !== wanted[element.dataset.shown])
    .map((element) => element.dataset.shown);
  const isThere = (name) => row.querySelector(`[data-shown="${name}"]`);
  const lost = ['type', 'occurred', 'recorded', 'organisation', 'record', 'hash', 'previous'].filter((name) => !isThere(name));
  if (wanted.site !== null && !isThere('site')) lost.push('site');
  return [...wrong, ...lost];
}

function differingDetails(row, { values, committed }, words) {
  const wrong = [];
  const met = new Set();
  for (const element of row.querySelectorAll('[data-detail]')) {
    const name = element.dataset.detail;
    met.add(name);
    if (committed.has(name)) continue;
    const shown = element.querySelector('[data-value]');
    if (!values.has(name) || !shown || text(shown) !== told(name, values.get(name), words).trim()) wrong.push(name);
  }
  return [...wrong, ...[...values.keys()].filter((name) => !met.has(name))];
}

function differingFiles(row, files) {
  const shown = [...row.querySelectorAll('[data-file]')].map(text);
  const stated = files.map(({ sha256 }) => sha256);
  return shown.join() === stated.join() ? [] : ['attachments'];
}

// Compare one row of the page with the bytes of its event.
export async function compare(row, found, words) {
  const { body, event } = found;
  const isReplaced = 'replaced' in row.dataset;
  const content = isReplaced ? body.details.replacement : body;
  if (!content) return { fields: ['corrects'], committed: 0, isWrong: false };
  const details = await detailsOf(content.details ?? {}, isReplaced ? 'replacement.' : '', event.contents);
  const fields = [
    ...differing(row, expected(row, found, content, words)),
    ...differingDetails(row, details, words),
    ...differingFiles(row, content.attachments ?? []),
  ];
  return { fields, committed: details.committed.size, isWrong: details.isWrong };
}
