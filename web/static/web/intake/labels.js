// Whether a label is genuine, told on the device: its signature by the keys of this system, and what was revoked.
import { fact, keepFact } from './store.js';
import { get } from './server.js';
import { expectedItem } from './totals.js';
import { config } from './words.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const forms = config.labels.forms.map((form) => new RegExp(`^(?:${form})$`));
const resembles = new RegExp(`^(?:${config.labels.resembles})`);
const address = new RegExp(`^(?:${config.labels.address})`);

export async function renewLabels() {
  const { tag, keys } = await get(config.addresses.keys);
  await keepFact('keys', { tag, keys: Object.fromEntries(keys.map((key) => [key.keyId, key])) });
  const kept = (await fact('revoked')) ?? { after: '0', found: [] };
  for (let more = true; more;) {
    const told = await get(`${config.addresses.revoked}?after=${kept.after}`);
    kept.found.push(...told.revoked);
    [kept.after, more] = [told.next, told.more];
  }
  await keepFact('revoked', kept);
}

// null for what is no label; else genuine, altered, revoked, replaced, foreign, misread or unchecked.
export async function judgeLabel(payload, normalise) {
  const given = payload.trim();
  const folded = normalise(given);
  const found = address.exec(folded);
  if (!found) return null;
  const parts = forms.map((form) => form.exec(folded)).find(Boolean)?.groups;
  const ours = `${found[1]}/`.startsWith(`${config.labels.host}/`);
  if (!parts) return resembles.test(folded) && ours ? 'altered' : 'foreign';
  const { tag, keys } = (await fact('keys')) ?? { tag: '', keys: {} };
  const key = keys[parts.kid];
  if (!key) return Object.keys(keys).length ? 'foreign' : 'unchecked';
  try {
    if (!await isSigned(folded, parts.signature, key.publicKey, tag)) return 'altered';
  } catch {
    return 'unchecked';
  }
  if (given.replace(/^https?:\/\/[^/?#]*/i, (start) => start.toUpperCase()) !== folded) return 'misread';
  const revoked = (await fact('revoked'))?.found ?? [];
  if (key.revokedAt || revoked.includes(await fingerprint(`${parts.code}/${parts.serial}`))) return 'revoked';
  return expectedItem(parts.code)?.replaced?.includes(parts.serial) ? 'replaced' : 'genuine';
}

async function isSigned(text, signature, publicKey, tag) {
  const raw = fromBase32(signature);
  if (!raw) return false;
  const bytes = Uint8Array.from(atob(publicKey), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, raw, new TextEncoder().encode(tag + text.replace(signature, '')));
}

// 64 bytes, or null where the last bits, which are nobody's, are not zero: there is one way to write a signature.
function fromBase32(text) {
  const bytes = [];
  let [bits, count] = [0, 0];
  for (const letter of text) {
    bits = (bits << 5) | ALPHABET.indexOf(letter);
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes.push((bits >> count) & 255);
    bits &= (1 << count) - 1;
  }
  return bytes.length === 64 && bits === 0 ? new Uint8Array(bytes) : null;
}

async function fingerprint(text) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
