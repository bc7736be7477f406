/** HPACK against the examples of RFC 7541 appendix C. http2.test.ts has what real clients and servers send. */
import { expect, test } from 'vitest';
import { HpackDecoder } from './hpack.ts';
import { readHuffman } from './huffman.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const decodeAll = (...blocks: string[]): string[][] => {
  const decoder = new HpackDecoder();
  return blocks.map((block) => decoder.decode(bytes(block)).map(([name, value]) => `${name}: ${value}`));
};

const authority = ':authority: www.example.com';
const requests = [
  [':method: GET', ':scheme: http', ':path: /', authority],
  [':method: GET', ':scheme: http', ':path: /', authority, 'cache-control: no-cache'],
  [':method: GET', ':scheme: https', ':path: /index.html', authority, 'custom-key: custom-value'],
];

test('C.3 and C.4: requests that use the dynamic table, plain and in the Huffman code', () => {
  expect(decodeAll('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', '8286 84be 5808 6e6f 2d63 6163 6865', '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65')).toEqual(requests);
  expect(decodeAll('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', '8286 84be 5886 a8eb 1064 9cbf', '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).toEqual(requests);
});

const [cache, location] = ['cache-control: private', 'location: https://www.example.com'];
const date = (second: number): string => `date: Mon, 21 Oct 2013 20:13:${second} GMT`;
const responses = [
  [':status: 302', cache, date(21), location],
  [':status: 307', cache, date(21), location],
  [':status: 200', cache, date(22), location, 'content-encoding: gzip', 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
];
/** A change of the table's size to 256 bytes, as the examples have it. */
const small = '3fe101';

test('C.5 and C.6: responses with a table of 256 bytes, from which entries fall out', () => {
  expect(decodeAll(
    `${small} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
    '4803 3330 37c1 c0bf',
    '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
  )).toEqual(responses);
  expect(decodeAll(
    `${small} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
    '4883 640e ffc1 c0bf',
    '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
  )).toEqual(responses);
  // The first entry has fallen out.
  expect(() => decodeAll(`${small} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`, '4803 3330 37c1 c0bf c2')).toThrow('no entry 66 in the table');
});

test('the table may grow only as far as the other side allows', () => {
  // 8192 bytes.
  const larger = bytes('3fe13f');
  const decoder = new HpackDecoder();
  expect(() => decoder.decode(larger)).toThrow('a table of 8192 bytes, and 4096 are allowed');
  decoder.allow(8_192);
  expect(decoder.decode(larger)).toEqual([]);
});

test.each([
  ['index 0', '80', 'no entry 0'],
  ['an index behind the table', 'c0', 'no entry 64'],
  ['a number that never ends', `ff${'80'.repeat(40)}`, 'a number that does not end'],
  ['a number that is too large', 'ffffffffff7f', 'a number that is too large'],
  ['a block that ends within a text', '400a6375', 'a text that goes on behind the block'],
  ['a block that ends within a number', 'ff', 'a block that ends too early'],
  ['a field of the table that is named too often', `40 01 61 7f a11e ${'62'.repeat(4_000)} ${'be'.repeat(300)}`, 'the fields of a block are too long'],
])('%s is refused', (_, block, message) => {
  expect(() => decodeAll(block)).toThrow(message);
});

test.each([
  ['filled with zeros', '18', 'a text whose end is not filled with ones'],
  ['filled with a whole byte', '1fff', 'a text whose end is not filled with ones'],
  ['with the end of the text within it', 'fffffffc', 'the end of the text within the text'],
])('a text in the Huffman code, %s, is refused', (_, text, message) => {
  expect(readHuffman(bytes('1f')).toString()).toBe('a');
  expect(() => readHuffman(bytes(text))).toThrow(message);
});
