#!/usr/bin/env node
const { load, readCache, run } = require('./load.js');

run(load(readCache()));
