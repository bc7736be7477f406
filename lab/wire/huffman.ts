/** The Huffman code of HPACK (RFC 7541 appendix B). It is canonical: the lengths of the codes say what the codes are. */

/** How many bits the code of each byte has, and of EOS, which is the last one. */
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const endOfString = 256;
const longestCode = 30;

/** The symbols in the order of their codes. */
const symbols = lengths.map((_, symbol) => symbol).sort((one, other) => (lengths[one] ?? 0) - (lengths[other] ?? 0) || one - other);
/** For each length: how many codes have it, the first of them, and the place of its symbol. */
const counts = new Uint16Array(longestCode + 1);
for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
const firstCodes = new Float64Array(longestCode + 1);
const firstPlaces = new Uint16Array(longestCode + 1);
for (let length = 1; length <= longestCode; length++) {
  firstCodes[length] = ((firstCodes[length - 1] ?? 0) + (counts[length - 1] ?? 0)) * 2;
  firstPlaces[length] = (firstPlaces[length - 1] ?? 0) + (counts[length - 1] ?? 0);
}

/** @throws {Error} when the bytes are no text in this code. */
export function readHuffman(bytes: Buffer): Buffer {
  // The shortest code has 5 bits.
  const text = Buffer.alloc(Math.ceil((bytes.length * 8) / 5));
  let [textBytes, code, length] = [0, 0, 0];
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      if (++length > longestCode) throw new Error('a code that has no symbol');
      const place = code - (firstCodes[length] ?? 0);
      if (place >= (counts[length] ?? 0)) continue;
      const symbol = symbols[(firstPlaces[length] ?? 0) + place] ?? endOfString;
      if (symbol === endOfString) throw new Error('the end of the text within the text');
      text[textBytes++] = symbol;
      [code, length] = [0, 0];
    }
  }
  // What is left of the last byte is filled with ones (section 5.2).
  if (length > 7 || code !== 2 ** length - 1) throw new Error('a text whose end is not filled with ones');
  return text.subarray(0, textBytes);
}
