type Paint = (text: string) => string;

const paint =
  (open: number, close: number): Paint =>
  (text) =>
    `\u001b[${open}m${text}\u001b[${close}m`;
const plain: Paint = (text) => text;

const COLORED = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  red: paint(31, 39),
  green: paint(32, 39),
  yellow: paint(33, 39),
  cyan: paint(36, 39),
};
const PLAIN: typeof COLORED = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

/** Terminal styles, or none of them. */
export const styles = (color: boolean): typeof COLORED => (color ? COLORED : PLAIN);
