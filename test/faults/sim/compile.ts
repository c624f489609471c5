// Compiles the sources and the simulation to plain JavaScript in a folder, with a change to a source if one is wanted.

import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../../..');
const folders = [
  ...['src/core', 'src/beanstalk', 'src/queue', 'src/ledger', 'src/embedded', 'src/produce'],
  ...['src/consume', 'test/faults/sim'],
];

export interface Change {
  /** Such as `src/consume/attempt.ts`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export function compile(target: string): void {
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const isSource = entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts');
      const file = `${folder}/${entry.name}`;
      if (isSource) compileText(read(file), file, target);
    }
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  const standIn = "export * from '../../test/faults/sim/connection.js';\n";
  writeFileSync(join(target, 'src/beanstalk/connection.js'), standIn);
}

export function compileChanged(compiled: string, target: string, changes: readonly Change[]): void {
  cpSync(compiled, target, { recursive: true });
  for (const change of changes) compileText(changedText(change), change.file, target);
}

/** @throws Error when it finds nothing to change: then it has to be written anew. */
export function changedText({ file, from, to }: Change): string {
  const text = read(file);
  if (text.split(from).length === 2) return text.replace(from, to);
  throw new Error(`${file} doesn't hold this once: ${from}`);
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function compileText(text: string, file: string, target: string): void {
  const { outputText } = ts.transpileModule(text, {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      rewriteRelativeImportExtensions: true,
      verbatimModuleSyntax: true,
    },
  });
  const path = join(target, relative('.', file).replace(/\.ts$/, '.js'));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, outputText);
}
