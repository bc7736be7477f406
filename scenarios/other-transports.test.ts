/** Every scenario passes also with our own clients that are not on fetch. */
import { ownClientNames } from '../lab/clients/index.ts';
import { describeRuns } from '../lab/testing/scenario-runs.ts';

describeRuns(ownClientNames.filter((name) => name !== 'node-fetch'));
