import { describe, expect, it } from 'vitest';
import { checkText } from '../check-hygiene.ts';

const at = (...parts: string[]) => `see /${parts.join('/')}.`;

describe('checkText', () => {
  it.each([
    ['a.md', at('work', 'main')],
    ['a.ts', `const home = '${at('home', 'someone').slice(4)}';`],
    ['a.ts', `file://${at('root', 'x').slice(4)}`],
    ['.npmrc', `${'registry'}=https://example.org`],
    ['a.json', `"https://registry.${'npmjs'}.org/x"`],
    ['package-lock.json', '"resolved": "https://example.org/x.tgz"'],
  ])('refuses %s: %s', (path, text) => expect(checkText(path, text)).toHaveLength(1));

  it.each([
    ['a.ts', 'fetch(url + "/eth/v1/beacon/states/root/fork")'],
    ['a.md', '`network/home/page` and work/ and ./root/x'],
    ['package-lock.json', '"resolved": "packages/units"'],
  ])('lets pass %s: %s', (path, text) => expect(checkText(path, text)).toEqual([]));

  it('names the line', () => expect(checkText('a.md', `one\n${at('work', 'x')}`)[0]).toMatch(/^a\.md:2:/));
});
