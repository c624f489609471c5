import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,contract,live,cli}/**/*.test.ts'],
    globalSetup: ['test/support/require-servers.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
