// Prints `N passed, N failed` from vitest's JSON report; a run that broke counts as one failure at least.

import { readFileSync } from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');
const report = text === '' ? { success: false } : JSON.parse(text);
const { success, numPassedTests = 0, numFailedTests = 0, testResults = [] } = report;
/** A file that couldn't be loaded has no tests to count. */
const broken = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
const failed = numFailedTests + broken.length;
process.stdout.write(
  `${numPassedTests} passed, ${success ? failed : Math.max(failed, 1)} failed\n`,
);
