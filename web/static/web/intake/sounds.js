// Tones that differ, and vibration that differs; both need one tap first.
let context;

const TONES = {
  good: [[880, 0.08], [1320, 0.14]],
  warn: [[660, 0.12], [0, 0.05], [660, 0.12]],
  bad: [[220, 0.55]],
};
const SHAKES = { good: [60], warn: [80, 60, 80], bad: [500] };

export function unlock() {
  context ??= window.AudioContext ? new AudioContext() : undefined;
  context?.resume?.().catch(() => {});
}

export function play(colour) {
  navigator.vibrate?.(SHAKES[colour]);
  if (context?.state !== 'running') return;
  let at = context.currentTime;
  for (const [pitch, seconds] of TONES[colour]) {
    if (pitch) tone(pitch, at, seconds, colour);
    at += seconds;
  }
}

function tone(pitch, at, seconds, colour) {
  const wave = new OscillatorNode(context, { type: colour === 'bad' ? 'square' : 'sine', frequency: pitch });
  const loudness = new GainNode(context, { gain: 0.25 });
  wave.connect(loudness).connect(context.destination);
  wave.start(at);
  wave.stop(at + seconds);
}
