// What is wrong with a configuration, and the error that tells all of it at once.

import { DqError } from '../core/errors.ts';

export interface Issue {
  /** The file it is in (with `:line:column` when it is no YAML); undefined: a variable or an option. */
  readonly file?: string;
  /** Where it is: `work.timeout`, `nodes[1].tube`, `DQ_NODES`, `--tube`; undefined: the whole file. */
  readonly path?: string;
  readonly message: string;
  readonly hint?: string;
}

/** The message has a line for each issue; a single one has its hint and path in the error's own fields. */
export class ConfigError extends DqError {
  override readonly name = 'ConfigError';
  readonly issues: readonly Issue[];

  constructor(issues: readonly [Issue, ...Issue[]]) {
    const single = issues.length === 1;
    super(
      'config',
      issues.map(single ? line : lineWithHint).join('\n'),
      single ? issues[0] : undefined,
    );
    this.issues = issues;
  }
}

/** One line, also when the name of a file in it has an end of line. */
function line({ file, path, message }: Issue): string {
  const parts = [file, path, message].filter((part) => part !== undefined);
  return parts.join(': ').replaceAll('\n', '\\n');
}

function lineWithHint(issue: Issue): string {
  return issue.hint === undefined ? line(issue) : `${line(issue)} (${issue.hint})`;
}
