// Run by requests-examples.test.ts in a process of its own, since a process has one preset: what becomes of each example.
import { outcomesOf, readExamples } from './examples.ts';

process.stdout.write(JSON.stringify(outcomesOf(readExamples() ?? new Map())));
