// Builds what bin/dq.js runs: the command and its packages in one file, and V8's code cache for it.
//
// A start of dq is mostly the loading of modules: one file that is compiled already takes a third of the time.

import { spawnSync } from 'node:child_process';
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
  return names.map(
    (name) => `export function ${name}(...words) { return require('${path}').${name}(...words); }`,
  );
}

function whole(path) {
  return `/* @__PURE__ */ new Proxy({}, { get: (_, name) => require('${path}')[name] })`;
}

await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/cli/dq.cjs',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.3',
  minifySyntax: true,
  legalComments: 'linked',
  // Only what is loaded when it is first needed, and is no JavaScript alone.
  external: [
    'ioredis',
    'typescript',
    'cron-parser',
    'cli-progress',
    '@photostructure/sqlite',
    'node:sqlite',
  ],
  supported: { 'dynamic-import': false },
  define: { 'import.meta': 'importMeta' },
  banner: {
    js: `(function (require, __filename) {
      const importMeta = { get url() { return require('url').pathToFileURL(__filename).href; } };`,
  },
  footer: { js: '})' },
  // Of cosmiconfig dq uses the YAML loader alone; its index loads every kind of search.
  alias: { cosmiconfig: './node_modules/cosmiconfig/dist/defaults.js' },
  plugins: [lateParts],
  logLevel: 'warning',
});

for (const name of ['help', 'put']) {
  const { status } = spawnSync(process.execPath, ['scripts/code-cache.js', name], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.exitCode ||= status ?? 1;
}
