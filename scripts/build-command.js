// Builds what bin/dq.js runs: the command and its packages in one file, and V8's code cache for it.
//
// A start of dq is mostly the loading of modules: one file that is compiled already takes a third of the time.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Parts of Node that take a millisecond or more to load, and that most commands don't come to use. */
const loadedLate = /^(node:)?(child_process|crypto|fs\/promises|perf_hooks)$/;

/** Whoever imports one of them gets a stand-in that loads it when something of it is used. */
const lateParts = {
  name: 'late-parts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: loadedLate }, ({ path, namespace }) =>
      namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    );
    onLoad({ filter: loadedLate, namespace: 'late' }, async ({ path }) => {
      const names = Object.keys((await import(path)).default);
      const getters = names.map((name) => `get ${name}() { return require('${path}').${name}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
  },
};

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
  external: ['ioredis', 'typescript', 'cron-parser', '@photostructure/sqlite', 'node:sqlite'],
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: 'const importMetaUrl = require("url").pathToFileURL(__filename).href;' },
  // Of cosmiconfig dq uses the YAML loader alone; its index loads every kind of search.
  alias: { cosmiconfig: './node_modules/cosmiconfig/dist/defaults.js' },
  plugins: [lateParts],
  logLevel: 'warning',
});

const cached = spawnSync(process.execPath, ['scripts/code-cache.js'], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = cached.status ?? 1;
