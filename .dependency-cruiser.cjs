// Which folder of src/ may import which: the layers of ARCHITECTURE.md, and the one home of each outside package.
const below = {
  core: [],
  beanstalk: ['core'],
  queue: ['core', 'beanstalk'],
  ledger: ['core'],
  embedded: ['core', 'queue', 'ledger'],
  run: ['core'],
  produce: ['core', 'queue', 'ledger'],
  survey: ['core', 'queue', 'ledger'],
  consume: ['core', 'queue', 'ledger', 'run'],
  schedule: ['core', 'queue', 'ledger', 'run', 'produce', 'consume'],
  config: ['core'],
  output: ['core'],
};

const layers = Object.entries(below).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [folder, ...allowed].map((name) => `^src/${name}/`) },
}));

const homes = [
  ['ioredis', '^src/ledger/redis/'],
  ['cosmiconfig', '^src/config/'],
  ['chalk', '^src/output/'],
  ['cli-progress', '^src/output/'],
  ['commander', '^src/cli/'],
  ['cron-parser', '^src/schedule/'],
  ['@photostructure/sqlite', '^src/embedded/'],
  ['(node:)?sqlite$', '^src/embedded/'],
  ['(node:)?(net|tls)$', '^src/beanstalk/'],
  ['(node:)?child_process$', '^src/run/'],
  ['koffi', '^src/run/'],
].map(([module, home]) => ({
  name: `home-of-${module}`,
  severity: 'error',
  from: { path: '^src/', pathNot: home },
  to: { path: `(^|node_modules/)${module}` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...layers,
    ...homes,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
};
