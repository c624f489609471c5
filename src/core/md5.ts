// MD5 (RFC 1321) of short texts: for a single one, loading `node:crypto` would take ten times as long.

import { Buffer } from 'node:buffer';

interface Round {
  readonly mix: (b: number, c: number, d: number) => number;
  /** The word of the block that a step (0 to 15) adds. */
  readonly word: (step: number) => number;
  /** By how many bits its steps turn their sums, in rotation. */
  readonly turns: readonly [number, number, number, number];
}

const rounds: readonly Round[] = [
  { mix: (b, c, d) => (b & c) | (~b & d), word: (step) => step, turns: [7, 12, 17, 22] },
  { mix: (b, c, d) => (d & b) | (~d & c), word: (step) => 5 * step + 1, turns: [5, 9, 14, 20] },
  { mix: (b, c, d) => b ^ c ^ d, word: (step) => 3 * step + 5, turns: [4, 11, 16, 23] },
  { mix: (b, c, d) => c ^ (b | ~d), word: (step) => 7 * step, turns: [6, 10, 15, 21] },
];
const stepsARound = 16;
const wordBytes = 4;
const blockBytes = 64;
const lengthBytes = 8;

/** In lower-case hex. */
export function md5(bytes: Uint8Array): string {
  const blocks = padded(bytes);
  const sums = new DataView(new ArrayBuffer(16));
  [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476].forEach((sum, at) => {
    sums.setUint32(at * wordBytes, sum, true);
  });
  for (let at = 0; at < blocks.byteLength; at += blockBytes) addBlock(sums, blocks, at);
  return Buffer.from(sums.buffer).toString('hex');
}

/** A bit, zeros, and the length in bits make the last block full. */
function padded(bytes: Uint8Array): DataView {
  const blocks = Math.ceil((bytes.length + 1 + lengthBytes) / blockBytes);
  const copy = new Uint8Array(blocks * blockBytes);
  copy.set(bytes);
  copy[bytes.length] = 0x80;
  const view = new DataView(copy.buffer);
  view.setBigUint64(copy.length - lengthBytes, BigInt(bytes.length) * 8n, true);
  return view;
}

function addBlock(sums: DataView, blocks: DataView, start: number): void {
  const before = [0, 1, 2, 3].map((at) => sums.getInt32(at * wordBytes, true));
  let [a = 0, b = 0, c = 0, d = 0] = before;
  let constant = 0;
  for (const { mix, word, turns } of rounds) {
    for (let step = 0; step < stepsARound; step += 1) {
      constant += 1;
      const added = blocks.getInt32(start + (word(step) % stepsARound) * wordBytes, true);
      const sum = a + mix(b, c, d) + added + Math.floor(2 ** 32 * Math.abs(Math.sin(constant)));
      a = d;
      d = c;
      c = b;
      b = (b + turned(sum, turns[step % turns.length] ?? 0)) | 0;
    }
  }
  [a, b, c, d].forEach((sum, at) => {
    sums.setInt32(at * wordBytes, sum + (before[at] ?? 0), true);
  });
}

function turned(sum: number, bits: number): number {
  return (sum << bits) | (sum >>> (32 - bits));
}
