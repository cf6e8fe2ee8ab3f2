import { join } from 'node:path';

/**
 * Most of a command's start is the compiling of what it imports, so the next start finds it compiled: beside the code,
 * where only those may write who may change the code too. What is to be found there is imported after it was enabled.
 */
export const COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/holdfast');
