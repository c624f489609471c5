// A crontab of 1,000 named entries.

const entries = 1_000;

/** @param {(n: number) => { when: string, zone: string }} entry */
export function crontabOf(entry) {
  return Array.from({ length: entries }, (_, n) => {
    const { when, zone } = entry(n);
    return `CRON_TZ=${zone}\n# dq: name=e${n}\n${when} true\n`;
  }).join('');
}
