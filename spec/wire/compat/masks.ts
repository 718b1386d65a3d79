/**
 * Lines without what differs from run to run: a prefix, the times of the run, tokens, generated ids. Times are told as hours from
 * the run's: what is delayed is so by whole hours.
 */
export function masked(lines: readonly string[], prefix: string, start: number): readonly string[] {
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `<id-${ids.size + 1}>`);
    return ids.get(id)!;
  };
  const timeOf = (digits: string): string => {
    const hours = (Number(digits) - start) / hour;
    const whole = Math.round(hours);
    if (Math.abs(whole) > 50 || Math.abs(hours - whole) * hour > aWhile) return digits;
    return whole === 0 ? '<now>' : `<now ${whole > 0 ? '+' : '-'} ${Math.abs(whole)} h>`;
  };
  return lines.map((line) =>
    line
      .replaceAll(`${prefix}:`, 'P:')
      .replaceAll(`"${prefix}"`, '"P"')
      .replace(/ expires in (\d+)/, (_, ms: string) => ` expires${Math.round(Number(ms) / hour) || ''}`)
      .replace(/(:lock string expires) .*/, '$1 <token>')
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, idOf)
      // until a date, from now
      .replace(
        /(\bdelay\W{1,4})(\d{9,12})(?!\d)/g,
        (_, name: string, ms: string) => `${name}<until ${dateOf(start + Number(ms))}>`,
      )
      // what was measured from a moment
      .replace(/( hash delay=|\.delay: )(\d+)(?!\d)/g, (all, name: string, ms: string) => {
        const hours = Math.round(Number(ms) / hour);
        return Math.abs(Number(ms) - hours * hour) < aWhile ? `${name}${hours} h` : all;
      })
      // since a multiple of `every`; that of an hour is given
      .replace(/(\boffset\W{1,4})(?!3600000\b)\d{5,12}(?!\d)/g, '$1<long>')
      // the score of a delayed job is its time with twelve more bits
      .replace(/(?<!\d)-?\d{16}(?!\d)/g, (score) => timeOf(String(Math.floor(Number(score) / 4_096))))
      .replace(/(?<!\d)\d{13}(?!\d)/g, timeOf),
  );
}

function dateOf(time: number): string {
  return new Date(Math.round(time / hour) * hour).toISOString();
}

const hour = 3_600_000;
const aWhile = 120_000;
