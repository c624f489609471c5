import { expect, test } from 'vitest';
import { commandEnvironment, withAccount } from '../../../src/schedule/variables.ts';

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

test('who runs a command is told by the account, and where from by an inherited HOME', () => {
  const me = { username: 'me', homedir: '/home/me' };
  const told = { HOME: '/home/me', LOGNAME: 'me', USER: 'me' };
  expect(withAccount({}, me)).toEqual(told);
  expect(withAccount({ HOME: '/srv', LOGNAME: 'root', USER: 'root' }, me)).toEqual({
    ...told,
    HOME: '/srv',
  });
  expect(withAccount({ USER: 'root' }, undefined)).toEqual({ USER: 'root' });
});
