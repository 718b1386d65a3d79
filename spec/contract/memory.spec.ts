import { describeEngine } from './engine-contract.js';
import { memoryUnderTest } from './memory-under-test.js';

describeEngine('memory', memoryUnderTest);
