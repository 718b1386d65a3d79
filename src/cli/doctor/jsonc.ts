const text = String.raw`"(?:\\.|[^"\\])*"`;
const comments = new RegExp(String.raw`(${text})|//[^\n]*|/\*[\s\S]*?\*/`, 'g');
const lastCommas = new RegExp(String.raw`(${text})|,(?=\s*[}\]])`, 'g');

/** JSON as tsconfig.json and .swcrc may have it: with comments, and a comma behind the last item. @throws SyntaxError */
export function parseJsonc(jsonc: string): unknown {
  const keepText = (_: string, kept = ''): string => kept;
  return JSON.parse(
    jsonc
      .replace(/^\uFEFF/, '')
      .replace(comments, keepText)
      .replace(lastCommas, keepText),
  );
}
