/** A judge of pictures that is not ours: an XML parser. */
import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { whyMissing } from './testing.ts';

/** Expects a whole XML document. Without Python there is no judge, and a line of the test run says so. */
export function expectXml(text: string): void {
  if (whyMissing('xml') !== null) return;
  const { status, stderr } = spawnSync('python3', ['-c', 'import sys, xml.etree.ElementTree as tree; tree.fromstring(sys.stdin.read())'], { input: text, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}
