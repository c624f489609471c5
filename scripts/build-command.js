// Builds what bin/dq.cjs runs: the command and its packages in a few files, and V8's code caches.
//
// A start of dq is mostly the loading of modules: in one file, compiled already, they take a third of the time, and the
// less is in it, the sooner it is loaded. So the modules that are always needed together share a file.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}dist/command`;
const first = 'dq.cjs';
const runtimeFile = 'rolldown-runtime.cjs';
/**
 * V8 keeps a string of over 128 KiB out of its young generation. That is collected when four fifths of it are full, which
 * takes half a millisecond: a put ends before, unless the source of the first file lies there.
 */
const oldFromBirth = 128 * 1024 + 1;

/**
 * What shares a file, with all that it imports, unless a file before it has that: dq itself with a put into a cluster,
 * and what the embedded queue adds.
 */
const together = [
  [
    'dq',
    /src\/cli\/(main|(commands\/)?put)\.ts$|src\/config\/load\.ts$|src\/queue\/(beanstalkd|page-size)\.ts$/,
  ],
  ['machine', /src\/ledger\/machine\.ts$/],
  ['embedded', /src\/embedded\/embedded\.ts$|@photostructure/],
];

/** Parts of Node that take a millisecond or more to load, and that most commands don't come to use. */
const loadedLate = /^(node:)?(child_process|crypto|fs\/promises|module|net|os|perf_hooks)$/;

/** Whoever imports one of them gets stand-ins for its functions, which load it when one is called. */
const lateParts = {
  name: 'late-parts',
  resolveId(path, importer, { kind }) {
    if (!loadedLate.test(path)) return undefined;
    if (importer?.startsWith('late-')) return { id: path, external: true };
    return `late-${kind}:${path}`;
  },
  async load(id) {
    const [, kind, path] = /^late-(.+?):(.*)$/.exec(id) ?? [];
    if (kind === undefined) return undefined;
    if (kind === 'require-call') return `module.exports = ${whole(path)};`;
    const part = (await import(path)).default;
    return [...standIns(path, part), `export default ${whole(path)};`].join('\n');
  },
};

/** Those that nobody imports are left out. */
function standIns(path, part) {
  const names = Object.keys(part).filter((name) => typeof part[name] === 'function');
  return [
    // To ask `require` each time costs as much as the hash of a job
    `let loaded; const part = () => (loaded ??= require('${path}'));`,
    ...names.map(
      (name) => `export function ${name}(...words) { return part().${name}(...words); }`,
    ),
  ];
}

/** It is there without being loaded. */
const globalProcess = {
  name: 'global-process',
  resolveId: (path) => (path === 'node:process' ? 'global-process' : undefined),
  load: (path) => (path === 'global-process' ? 'module.exports = process;' : undefined),
};

function whole(path) {
  return `/* @__PURE__ */ new Proxy({}, { get: (_, name) => require('${path}')[name] })`;
}

/**
 * SQLite's JavaScript is bundled; what it loads lies in its own folder. Node's resolver takes a millisecond for a package
 * that has `exports`, so the folder is looked for first where that would find it.
 */
const sqliteAtHome = {
  name: 'sqlite-at-home',
  load(path) {
    if (!/@photostructure\/sqlite\/dist\/index\.cjs$/.test(path)) return undefined;
    return `const name = '@photostructure/sqlite';
      const { dirname, join } = require('path');
      const homes = require.resolve.paths(name).map((folder) => join(folder, name, 'dist'));
      const __dirname = homes.find(require('fs').existsSync) ?? dirname(require.resolve(name));
      ${readFileSync(path, 'utf8')}`;
  },
};

async function bundle() {
  const command = await rolldown({
    cwd: root,
    input: { dq: 'src/cli/main.ts' },
    platform: 'node',
    external: [
      // Only what is loaded when it is first needed, and is no JavaScript alone
      'ioredis',
      'typescript',
      'cron-parser',
      'cli-progress',
      'koffi',
      'node:sqlite',
      // Of cosmiconfig's own, what its YAML loader doesn't come to use
      'import-fresh',
      'parse-json',
    ],
    resolve: {
      alias: {
        // Of cosmiconfig dq uses the YAML loader alone; its index loads every kind of search
        cosmiconfig: `${root}node_modules/cosmiconfig/dist/defaults.js`,
        // and that doesn't come to use what writes YAML
        'js-yaml': `${root}node_modules/js-yaml/lib/loader.js`,
        '@photostructure/sqlite': `${root}node_modules/@photostructure/sqlite/dist/index.cjs`,
      },
    },
    plugins: [sqliteAtHome, globalProcess, lateParts],
  });
  const { output } = await command.generate({
    format: 'cjs',
    dynamicImportInCjs: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    codeSplitting: {
      groups: together.map(([name, test], at) => ({ name, test, priority: together.length - at })),
    },
  });
  return output;
}

/** rolldown gives it a file of its own, though it is a few lines: a start had one more to read. */
function withRuntime(code, runtime) {
  const own = `((exports) => { ${runtime}\nreturn exports; })({})`;
  return code.replace(`require("./${runtimeFile}")`, () => own);
}

async function writeCommand() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = await bundle();
  const { code: runtime } = files.find(({ fileName }) => fileName === runtimeFile);
  for (const { fileName, code } of files) {
    if (fileName === runtimeFile) continue;
    const small = await transform(withRuntime(code, runtime), {
      target: 'node20.3',
      minifySyntax: true,
      minifyWhitespace: true,
      minifyIdentifiers: true,
      lineLimit: 160, // Node shows the line of a defect
      legalComments: 'eof',
    });
    const build = createHash('md5').update(small.code).digest('hex');
    const wrapped = `/*${build}*/(function (require, exports, __filename) {'use strict';${small.code}})`;
    writeFileSync(
      `${folder}/${fileName}`,
      fileName === first ? wrapped.padEnd(oldFromBirth) : wrapped,
    );
  }
}

/** @returns whether it could. */
function writeCaches(...words) {
  const { status } = spawnSync(process.execPath, ['scripts/code-cache.js', ...words], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0;
}

await writeCommand();
process.exitCode = writeCaches() && writeCaches('put') ? 0 : 1;
