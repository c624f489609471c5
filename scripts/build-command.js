// Builds what bin/dq.js runs: the command and its packages in one file, a part of it in another, and V8's code caches.
//
// A start of dq is mostly the loading of modules: one file that is compiled already takes a third of the time, and the
// less is in it, the sooner it is loaded.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Parts of Node that take a millisecond or more to load, and that most commands don't come to use. */
const loadedLate = /^(node:)?(child_process|crypto|fs\/promises|module|os|perf_hooks)$/;

/** Whoever imports one of them gets stand-ins for its functions, which load it when one is called. */
const lateParts = {
  name: 'late-parts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: loadedLate }, ({ path, kind, namespace }) =>
      namespace.startsWith('late') ? { path, external: true } : { path, namespace: `late ${kind}` },
    );
    onLoad({ filter: loadedLate, namespace: 'late import-statement' }, async ({ path }) => ({
      contents: [
        ...standIns(path, (await import(path)).default),
        `export default ${whole(path)};`,
      ].join('\n'),
    }));
    onLoad({ filter: loadedLate, namespace: 'late require-call' }, ({ path }) => ({
      contents: `module.exports = ${whole(path)};`,
    }));
  },
};

/** Those that nobody imports are left out of the bundle. */
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

function whole(path) {
  return `/* @__PURE__ */ new Proxy({}, { get: (_, name) => require('${path}')[name] })`;
}

/** Whatever isn't put or at is left out of the part: who wants it is handed over to the whole. */
const restLeftOut = {
  name: 'rest-left-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/commands\// }, ({ path, kind }) =>
      kind === 'dynamic-import' && !/\/(put|at)\.ts$/.test(path)
        ? { path, namespace: 'left out' }
        : undefined,
    );
    // Who awaits what has a `then` waits for its answer, and here none ever comes
    onLoad({ filter: /./, namespace: 'left out' }, () => ({
      contents: 'export function then() { handOver(); }',
    }));
  },
};

/** SQLite's JavaScript is bundled; what it loads lies in its own folder. */
const sqliteAtHome = {
  name: 'sqlite-at-home',
  setup({ onLoad }) {
    onLoad({ filter: /@photostructure\/sqlite\/dist\/index\.cjs$/ }, ({ path }) => ({
      contents: `const name = '@photostructure/sqlite';
        const __dirname = require('path').dirname(require.resolve(name));
        ${readFileSync(path, 'utf8')}`,
    }));
  },
};

/** @param {string} file */
function buildCommand(file, plugins) {
  return build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outfile: `dist/cli/${file}.cjs`,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.3',
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160, // Node shows the line of a defect
    legalComments: 'linked',
    external: [
      // Only what is loaded when it is first needed, and is no JavaScript alone
      'ioredis',
      'typescript',
      'cron-parser',
      'cli-progress',
      'node:sqlite',
      // Of cosmiconfig's own, what its YAML loader doesn't come to use
      'import-fresh',
      'parse-json',
    ],
    supported: { 'dynamic-import': false },
    define: { 'import.meta': 'importMeta' },
    banner: {
      js: `(function (require, __filename, handOver) {
      const importMeta = { get url() { return require('url').pathToFileURL(__filename).href; } };`,
    },
    footer: { js: '})' },
    alias: {
      // Of cosmiconfig dq uses the YAML loader alone; its index loads every kind of search
      cosmiconfig: './node_modules/cosmiconfig/dist/defaults.js',
      // and of js-yaml its loader
      'js-yaml': './node_modules/js-yaml/lib/loader.js',
      '@photostructure/sqlite': './node_modules/@photostructure/sqlite/dist/index.cjs',
    },
    plugins,
    logLevel: 'warning',
  });
}

await buildCommand('dq', [sqliteAtHome, lateParts]);
await buildCommand('put', [restLeftOut, sqliteAtHome, lateParts]);

for (const words of [
  ['dq', 'put'],
  ['put', 'put'],
  ['put', 'help'],
]) {
  const { status } = spawnSync(process.execPath, ['scripts/code-cache.js', ...words], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.exitCode ||= status ?? 1;
}
