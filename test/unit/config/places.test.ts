// Where a configuration is looked for, in which order, and where the embedded queue lies.

import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { configPlaces, embeddedFolder } from '../../../src/config/places.ts';

describe('configPlaces', () => {
  it('go from the working folder up to home, then to the folders of the user and the machine', () => {
    expect(configPlaces('/home/u/p/q', { HOME: '/home/u' })).toEqual([
      '/home/u/p/q/.dqrc.yaml',
      '/home/u/p/q/dqrc.yaml',
      '/home/u/p/.dqrc.yaml',
      '/home/u/p/dqrc.yaml',
      '/home/u/.dqrc.yaml',
      '/home/u/dqrc.yaml',
      '/home/u/.config/dq/config.yaml',
      '/etc/dq/config.yaml',
    ]);
  });

  it('go up to the root from a folder that is not below home', () => {
    expect(configPlaces('/srv', { HOME: '/home/u', XDG_CONFIG_HOME: '/x' })).toEqual([
      '/srv/.dqrc.yaml',
      '/srv/dqrc.yaml',
      '/.dqrc.yaml',
      '/dqrc.yaml',
      '/x/dq/config.yaml',
      '/etc/dq/config.yaml',
    ]);
  });

  it('heed no variable that is empty or relative', () => {
    const places = configPlaces('/', { HOME: '', XDG_CONFIG_HOME: 'relative' });
    expect(places).toContain(`${userInfo().homedir}/.config/dq/config.yaml`);
  });
});

describe('embeddedFolder', () => {
  it.each([
    [{ STATE_DIRECTORY: '/var/lib/a:/var/lib/b', HOME: '/home/u' }, 0, '/var/lib/a'],
    [{ STATE_DIRECTORY: '', HOME: '/root', XDG_STATE_HOME: '/x' }, 0, '/var/lib/dq'],
    [{ HOME: '/home/u', XDG_STATE_HOME: '/x' }, 1000, '/x/dq'],
    [{ HOME: '/home/u', XDG_STATE_HOME: '' }, 1000, '/home/u/.local/state/dq'],
    [{ HOME: '/home/u' }, undefined, '/home/u/.local/state/dq'],
  ])('of %j and user %s is %s', (env, uid, folder) => {
    expect(embeddedFolder(env, uid)).toBe(folder);
  });

  it.each(['state', './state', '~/state:/var/lib/b'])('%s is refused: it is relative', (folder) => {
    expect(() => embeddedFolder({ STATE_DIRECTORY: folder }, 0)).toThrow('no absolute path');
  });
});
