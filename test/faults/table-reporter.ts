// Prints what the fault tests injected and found: each test leaves its line in its meta data.

import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { tableOf, type Line } from './live/table.ts';

declare module 'vitest' {
  interface TaskMeta {
    fault?: Line;
  }
}

export default class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) => [...module.children.allTests()].flatMap(lineOf));
    if (lines.length > 0) process.stdout.write(`\n${tableOf(lines)}\n\n`);
  }
}

function lineOf(test: TestCase): Line[] {
  const { fault } = test.meta();
  return fault === undefined ? [] : [fault];
}
