// `npm run test:faults`: the faults, in simulation and on real servers, side by side; then the table of both.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['scripts/require-servers.js'],
    reporters: ['default', './test/faults/table-reporter.ts'],
    maxWorkers: 2,
    // Rows on real servers mostly wait
    maxConcurrency: 3,
    bail: 1,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
});
