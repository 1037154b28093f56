// Verifies stored bytes: every hash, every link, every end. No page, no network: bytes in, findings out.

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export const isSupported = () => Boolean(globalThis.crypto?.subtle);

export const placeOf = (record, sequence) => `${record}#${sequence}`;

export async function sha256(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const sha256OfText = (text) => sha256(encoder.encode(text));

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

async function read(event) {
  const found = { event, body: null, computed: event.hash, faults: [], isOpen: event.body !== null, isUnlinked: false };
  if (!found.isOpen) return found;
  try {
    const bytes = bytesOf(event.body);
    found.computed = await sha256(bytes);
    found.body = JSON.parse(decoder.decode(bytes));
  } catch {
    found.faults.push('unreadable');
  }
  if (found.computed !== event.hash) found.faults.push('hash');
  return found;
}

// What the link says: by the bytes where they are open, by what stands beside them where they are not.
function follow(found, before, isWhole) {
  const { event, body } = found;
  if (body && (body.record !== event.record || body.sequence !== event.sequence)) found.faults.push('place');
  const stated = body ? body.previousHash ?? null : event.previousHash;
  if (stated !== event.previousHash) found.faults.push('link');
  if (event.sequence === 1) {
    if (stated !== null) found.faults.push('link');
  } else if (!before) {
    if (isWhole) found.faults.push('missing');
    else found.isUnlinked = true;
  } else if (stated !== before.computed) {
    found.faults.push('link');
  }
}

function wrongEnds(found, heads) {
  return heads
    .filter(({ record, number, hash }) => {
      const own = [...found.values()].filter(({ event }) => event.record === record);
      return own.length !== number || (number > 0 && found.get(placeOf(record, number))?.computed !== hash);
    })
    .map(({ record }) => record);
}

export async function verifyChain({ events, heads }) {
  const found = new Map();
  for (const event of events) found.set(placeOf(event.record, event.sequence), await read(event));
  const whole = new Set(heads.map(({ record }) => record));
  let links = 0;
  for (const one of found.values()) {
    const { record, sequence } = one.event;
    follow(one, found.get(placeOf(record, sequence - 1)), whole.has(record));
    one.faults = [...new Set(one.faults)];
    if (!one.isUnlinked) links += 1;
  }
  return { found, links, ends: wrongEnds(found, heads) };
}
