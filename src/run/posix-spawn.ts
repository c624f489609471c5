// Starts processes by the C library's posix_spawn.
//
// Node forks, and a fork copies the page tables of the whole worker: a small program takes three times as long. The C
// library lends the child its memory until the program is executed (posix_spawn(3): CLONE_VM and CLONE_VFORK).

import { Buffer } from 'node:buffer';
import type { LibraryHandle } from 'koffi';
import type { Child, Program } from './child.ts';
import { Reaper, type Waitpid } from './reaper.ts';

/** Undefined: it was refused, and nothing was started. */
export type PosixSpawn = (program: Program) => Promise<Child | undefined>;

/** Ends with a null. */
type Strings = readonly (string | null)[];

type SpawnWords = [
  pid: [number],
  file: string,
  actions: Buffer,
  attributes: Buffer,
  words: Strings,
  variables: Strings,
];

type Callback = (error: Error | null, result: number) => void;

/** Functions of the C library. A 0 is a success, but for those of `fcntl` and `waitpid`. */
interface C {
  readonly fcntl: (file: number, command: number, type: 'int', flags: number) => number;
  readonly waitpid: Waitpid;
  readonly initAttributes: (attributes: Buffer) => number;
  readonly setFlags: (attributes: Buffer, flags: number) => number;
  readonly setMask: (attributes: Buffer, signals: Buffer) => number;
  readonly setDefaults: (attributes: Buffer, signals: Buffer) => number;
  readonly initActions: (actions: Buffer) => number;
  readonly addDup2: (actions: Buffer, from: number, to: number) => number;
  readonly addChdir: (actions: Buffer, folder: string) => number;
  readonly destroyActions: (actions: Buffer) => number;
  readonly spawn: { readonly async: (...words: [...SpawnWords, Callback]) => void };
}

/**
 * `addDup2` of a descriptor to itself leaves it open for the program (POSIX.1-2024; glibc 2.29), where Node closes all of its own.
 * `addchdir_np` is in glibc from 2.29 on, in musl from 1.1.24 on.
 */
const prototypes: Readonly<Record<keyof C, string>> = {
  fcntl: 'int fcntl(int, int, ...)',
  waitpid: 'int waitpid(int, _Out_ int *, int)',
  initAttributes: 'int posix_spawnattr_init(void *)',
  setFlags: 'int posix_spawnattr_setflags(void *, short)',
  setMask: 'int posix_spawnattr_setsigmask(void *, const void *)',
  setDefaults: 'int posix_spawnattr_setsigdefault(void *, const void *)',
  initActions: 'int posix_spawn_file_actions_init(void *)',
  addDup2: 'int posix_spawn_file_actions_adddup2(void *, int, int)',
  addChdir: 'int posix_spawn_file_actions_addchdir_np(void *, const char *)',
  destroyActions: 'int posix_spawn_file_actions_destroy(void *)',
  spawn:
    'int posix_spawnp(_Out_ int *, const char *, const void *, const void *, const char **, const char **)',
};

/** Room for a `posix_spawnattr_t` (336 bytes in glibc and in musl), `posix_spawn_file_actions_t` (80) or `sigset_t` (128). */
const structBytes = 512;
/** spawn.h: POSIX_SPAWN_SETSIGDEF, POSIX_SPAWN_SETSIGMASK, POSIX_SPAWN_SETSID; the same in glibc and musl. */
const spawnFlags = 0x04 | 0x08 | 0x80;
/** fcntl.h of Linux: F_GETFL, F_SETFL, O_NONBLOCK. */
const getFlags = 3;
const setFlags = 4;
const nonBlocking = 0o4000;

const stdout = 1;
const stderr = 2;

/** Undefined where it can't be called: on another system than Linux, where koffi has no build, or by an old C library. */
export async function loadPosixSpawn(): Promise<PosixSpawn | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const { default: koffi } = await import('koffi');
    return spawnBy(bind(koffi.load(null)));
  } catch {
    return undefined; // Node's spawn does the same, only slower
  }
}

function spawnBy(c: C): PosixSpawn {
  const attributes = attributesOf(c);
  const reaper = new Reaper(c.waitpid);
  return async ({ file, args, cwd, env, stdin }) => {
    // It is looked up in the PATH of this process, and shall be in the program's
    if (!file.includes('/') && env['PATH'] !== process.env['PATH']) return undefined;
    block(c, stdout);
    block(c, stderr);
    const actions = Buffer.alloc(structBytes);
    const pid: [number] = [0];
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    c.initActions(actions);
    const refusal =
      c.addDup2(actions, stdin, 0) ||
      c.addDup2(actions, stdout, stdout) ||
      c.addDup2(actions, stderr, stderr) ||
      c.addChdir(actions, cwd) ||
      (await spawn(c, pid, file, actions, attributes, [file, ...args, null], [...variables, null]));
    c.destroyActions(actions);
    return refusal === 0 ? { pid: pid[0], exit: reaper.exitOf(pid[0]) } : undefined;
  };
}

/** In one of libuv's threads: it stands still until the program is executed. The main one would renew no lease meanwhile. */
function spawn(c: C, ...words: SpawnWords): Promise<number> {
  return new Promise((resolve, reject) => {
    c.spawn.async(...words, (error, refusal) => {
      if (error === null) resolve(refusal);
      else reject(error);
    });
  });
}

/** A session of its own, and no signal blocked or ignored: Node ignores SIGPIPE. */
function attributesOf(c: C): Buffer {
  const attributes = Buffer.alloc(structBytes);
  c.initAttributes(attributes);
  c.setFlags(attributes, spawnFlags);
  c.setMask(attributes, Buffer.alloc(structBytes));
  // Not what sigfillset says: it leaves out two that glibc keeps for itself, and then has ignored
  c.setDefaults(attributes, Buffer.alloc(structBytes, 0xff));
  return attributes;
}

/** Whoever shares the file may have made it non-blocking, and few programs expect that: their writes would fail. */
function block(c: C, file: number): void {
  const flags = c.fcntl(file, getFlags, 'int', 0);
  if (flags !== -1 && flags & nonBlocking) c.fcntl(file, setFlags, 'int', flags & ~nonBlocking);
}

/** @throws an Error when the C library lacks one of them. */
function bind(library: LibraryHandle): C {
  const bound = Object.entries(prototypes).map(([name, prototype]) => [
    name,
    library.func(prototype) as unknown,
  ]);
  return Object.fromEntries(bound) as C;
}
