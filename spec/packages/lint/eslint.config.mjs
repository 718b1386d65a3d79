import { configs } from 'stepstream/lint';

export default [configs.recommended];
