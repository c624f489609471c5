// What is wrong with a schedule, or doubtful, and where: the lines of `dq cron check`.

/** Lines and columns count from 1. A path is that of a configuration: `cron.nightly.schedule`. */
export type Place = { readonly line: number; readonly column: number } | { readonly path: string };

/** An error makes the file unusable; a warning names what is probably not meant. */
type Severity = 'error' | 'warning';

export type Issue = Place & {
  readonly severity: Severity;
  readonly code: IssueCode;
  /** One line, with the remedy. */
  readonly message: string;
};

type IssueCode = ErrorCode | WarningCode;

/** The first nine are cronie's own words. */
export type ErrorCode =
  | 'bad-minute'
  | 'bad-hour'
  | 'bad-day-of-month'
  | 'bad-month'
  | 'bad-day-of-week'
  | 'bad-command'
  | 'bad-time-specifier'
  | 'bad-option'
  | 'bad-second'
  | 'bad-schedule'
  | 'bad-time-zone'
  | 'bad-variable'
  | 'bad-name'
  | 'duplicate-name';

export type WarningCode =
  | 'crlf'
  | 'duplicate-line'
  | 'stray-options'
  | 'percent'
  | 'dash'
  | 'mail'
  | 'user'
  | 'step-too-large'
  | 'uneven-step'
  | 'reversed-range'
  | 'both-days'
  | 'every-time'
  | 'unexpanded'
  | 'stray-comment'
  | 'continued'
  | 'unused-zone'
  | 'unused-settings'
  | 'never'
  | 'skipped-time'
  | 'crowded';

/** An issue within a text, before it has a place: `at` counts from 0. */
export interface Remark<Code extends IssueCode> {
  readonly code: Code;
  readonly at: number;
  readonly message: string;
}
