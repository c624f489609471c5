// Starts the process of a run: by posix_spawn, and by Node where that can't be.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Child, Exit, Program } from './child.ts';
import { loadPosixSpawn, type PosixSpawn } from './posix-spawn.ts';

export type PipedChild = Child & { readonly process: ChildProcess };

type Started = ChildProcess & { readonly pid: number };

let posixSpawn: Promise<PosixSpawn | undefined> | undefined;

/**
 * Its stdout and stderr are those of this process. What posix_spawn refuses is for Node to try: it says why, and has
 * a file that names no interpreter run by sh, as execvp does.
 * @throws the error of the system call that refused.
 */
export async function start(program: Program): Promise<Child> {
  posixSpawn ??= loadPosixSpawn();
  return (await (await posixSpawn)?.(program)) ?? childOf(await spawned(program, 'inherit'));
}

/**
 * Its stdout and stderr are to be read.
 * @throws the error of the system call that refused.
 */
export async function startPiped(program: Program): Promise<PipedChild> {
  const process = await spawned(program, 'pipe');
  return { ...childOf(process), process };
}

async function spawned(
  { file, args, cwd, env, stdin }: Program,
  output: 'inherit' | 'pipe',
): Promise<Started> {
  const child = spawn(file, args, { cwd, env, detached: true, stdio: [stdin, output, output] });
  if (!isStarted(child)) {
    const [error] = (await once(child, 'error')) as [Error];
    throw error;
  }
  return child;
}

function isStarted(child: ChildProcess): child is Started {
  return child.pid !== undefined;
}

/** Awaiting what has already settled doesn't let the event loop turn: no exit was missed. */
function childOf(child: Started): Child {
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  return { pid: child.pid, exit };
}
