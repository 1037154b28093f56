// The camera, and the reader of symbols (zxing-cpp as WebAssembly, from our own files).
import { config } from './words.js';

const FORMATS = ['QRCode', 'DataMatrix', 'Code128'];
const PAUSE = 90;
const GONE = 3_000;

let reader;
let stream = null;
let timer;
const seen = new Map();

// The reader is large: fetched when it is first needed, and kept by the service worker.
function loadReader() {
  reader ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = config.addresses.reader;
    script.onload = () => {
      const locateFile = (name, base) => (name.endsWith('.wasm') ? config.addresses.wasm : base + name);
      window.ZXingWASM.prepareZXingModule({ overrides: { locateFile } });
      resolve(window.ZXingWASM);
    };
    script.onerror = reject;
    document.head.append(script);
  });
  reader.catch(() => { reader = undefined; });
  return reader;
}

export async function decode(picture, thorough = false) {
  const { readBarcodes } = await loadReader();
  const options = { formats: FORMATS, tryHarder: thorough, tryInvert: true, tryRotate: true, maxNumberOfSymbols: thorough ? 4 : 2 };
  const found = await readBarcodes(picture, options);
  return found.filter((one) => one.isValid).map((one) => one.text);
}

// Gives '' or why there is no picture: denied, none, insecure, failed.
export async function start(video) {
  if (!navigator.mediaDevices?.getUserMedia) return window.isSecureContext ? 'none' : 'insecure';
  try {
    const wanted = { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch (error) {
    return { NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'none', OverconstrainedError: 'none' }[error.name] ?? 'failed';
  }
  video.srcObject = stream;
  video.hidden = false;
  await video.play().catch(() => {});
  return '';
}

export function stop(video) {
  clearTimeout(timer);
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.srcObject = null;
  video.hidden = true;
}

// A code that stays in the picture is told once; again when it was out of it for a while.
export function watch(video, take, isWanted) {
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  async function look() {
    try {
      if (isWanted() && video.videoWidth && !document.hidden) {
        [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
        pen.drawImage(video, 0, 0);
        for (const text of await decode(pen.getImageData(0, 0, canvas.width, canvas.height))) tellOnce(text, take);
      }
    } catch {
      // A frame that cannot be read is followed by another.
    }
    if (stream) timer = setTimeout(look, PAUSE);
  }
  look();
}

function tellOnce(text, take) {
  const now = performance.now();
  const isNew = now - (seen.get(text) ?? -Infinity) > GONE;
  seen.set(text, now);
  if (isNew) take(text);
}

export function torch() {
  const [track] = stream?.getVideoTracks() ?? [];
  return track?.getCapabilities?.().torch ? track : null;
}

export const light = (track, on) => track.applyConstraints({ advanced: [{ torch: on }] }).then(() => true, () => false);
