/**
 * A byte array that grows, with the number encodings of the binary format.
 * LEB128: seven bits a byte, least significant first, the top bit says that more follow; the
 * signed form ends when what is left is only copies of the last payload's sign bit (0x40).
 */
const encoder = new TextEncoder();
const isAscii = /^[ -~]*$/;
const scratch = new DataView(new ArrayBuffer(8));

export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer>;
  private used = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.used;
  }

  byte(value: number): void {
    if (this.used === this.bytes.length) this.grow(1);
    this.bytes[this.used++] = value;
  }

  append(values: ArrayLike<number>): void {
    const count = values.length;
    if (this.used + count > this.bytes.length) this.grow(count);
    if (count > 16) this.bytes.set(values, this.used);
    else for (let i = 0; i < count; i++) this.bytes[this.used + i] = values[i] as number;
    this.used += count;
  }

  appendWriter(other: ByteWriter): void {
    this.append(other.bytes.subarray(0, other.used));
  }

  /** An unsigned LEB128 of up to 64 bits. */
  unsigned(value: number | bigint): void {
    if (value < 0x80) {
      this.byte(Number(value));
      return;
    }
    if (typeof value === "bigint") {
      for (; value > 0x7fn; value >>= 7n) this.byte(Number(value & 0x7fn) | 0x80);
      this.byte(Number(value));
      return;
    }
    // Shifts would cut a number at 32 bits.
    for (; value > 0x7f; value = Math.floor(value / 128)) this.byte((value % 128) | 0x80);
    this.byte(value);
  }

  /** A signed LEB128 of a number in [−2³¹, 2³¹). */
  signed32(value: number): void {
    for (; value < -0x40 || value > 0x3f; value >>= 7) this.byte((value & 0x7f) | 0x80);
    this.byte(value & 0x7f);
  }

  /** A signed LEB128 of a bigint in [−2⁶³, 2⁶³). */
  signed64(value: bigint): void {
    for (; value < -0x40n || value > 0x3fn; value >>= 7n) {
      this.byte(Number(value & 0x7fn) | 0x80);
    }
    this.byte(Number(value & 0x7fn));
  }

  float32(value: number): void {
    scratch.setFloat32(0, value, true);
    this.fromScratch(4);
  }

  float64(value: number): void {
    scratch.setFloat64(0, value, true);
    this.fromScratch(8);
  }

  /** A length-prefixed UTF-8 string. */
  name(text: string): void {
    if (isAscii.test(text)) {
      this.unsigned(text.length);
      for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
      return;
    }
    const utf8 = encoder.encode(text);
    this.unsigned(utf8.length);
    this.append(utf8);
  }

  /** Forgets what was written and keeps the room. */
  clear(): void {
    this.used = 0;
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.used);
  }

  private fromScratch(count: number): void {
    for (let i = 0; i < count; i++) this.byte(scratch.getUint8(i));
  }

  private grow(count: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.used + count));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}
