// Without a file the YAML parser isn't loaded: it would cost more than the rest of a put's start.

import { expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryFolder } from '../support/servers.ts';

vi.mock('cosmiconfig', () => {
  throw new Error('cosmiconfig was loaded');
});

it('is the embedded queue, or what DQ_NODES names', async () => {
  const folder = temporaryFolder();
  const embedded = await loadConfig({ env: { HOME: folder }, cwd: folder });
  expect(embedded).toMatchObject({ nodes: 'embedded', found: false, file: undefined });
  const named = await loadConfig({ env: { HOME: folder, DQ_NODES: 'queue' }, cwd: folder });
  expect(named).toMatchObject({ nodes: [{ endpoint: 'queue:11300' }], found: true });
});
