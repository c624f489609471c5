import { expect, test } from 'vitest';
import { commandEnvironment } from '../../../src/schedule/variables.ts';

test('a command has what is inherited and what the file sets, and no inherited shell', () => {
  const inherited = { PATH: '/opt/bin', SHELL: '/bin/fish', HOME: '/home/me', A: 'inherited' };
  expect(commandEnvironment(inherited, { A: 'file', HOME: '/srv' })).toEqual({
    PATH: '/opt/bin',
    SHELL: '/bin/sh',
    HOME: '/srv',
    A: 'file',
  });
  expect(commandEnvironment(inherited, { SHELL: '/bin/bash' })['SHELL']).toBe('/bin/bash');
});
