// The shell and its files, kept by version; everything else goes to the network as if this were not here.
const TOLD = {{ told|safe }};
const CACHE = `intake-${TOLD.version}`;

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(TOLD.files)));
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith('intake-') && name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener('message', (event) => {
  // The page tells when the shell that is kept is another person's or an older one, and before it needs one at all.
  if (event.data === 'renew') event.waitUntil(fetchShell().catch(() => null).then(() => event.ports[0]?.postMessage('done')));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && url.pathname === TOLD.shell) event.respondWith(shell());
  else if (TOLD.files.includes(url.pathname)) event.respondWith(file(request));
});

async function shell() {
  const kept = await (await caches.open(CACHE)).match(TOLD.shell);
  return kept ?? fetchShell();
}

// A redirect (to signing in) is passed on and never kept.
async function fetchShell() {
  const response = await fetch(TOLD.shell, { credentials: 'same-origin', redirect: 'manual' });
  if (response.ok && response.type === 'basic') await (await caches.open(CACHE)).put(TOLD.shell, response.clone());
  return response;
}

async function file(request) {
  const kept = await (await caches.open(CACHE)).match(request);
  return kept ?? fetch(request);
}
