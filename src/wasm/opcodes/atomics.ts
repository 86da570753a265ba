/** Threads: sequentially consistent accesses, wait, notify and the fence. */

import type { ValueType } from "./row.ts";
import { atomic, reserved } from "./row.ts";

const load = (type: ValueType, log2Bytes: number) => atomic([], [type], log2Bytes);
const store = (type: ValueType, log2Bytes: number) => atomic([type], [], log2Bytes);
const rmw = (type: ValueType, log2Bytes: number) => atomic([type], [type], log2Bytes);
const exchange = (type: ValueType, log2Bytes: number) => atomic([type, type], [type], log2Bytes);

const i32Rmw = rmw("i32", 2);
const i32Rmw8 = rmw("i32", 0);
const i32Rmw16 = rmw("i32", 1);
const i64Rmw = rmw("i64", 3);
const i64Rmw8 = rmw("i64", 0);
const i64Rmw16 = rmw("i64", 1);
const i64Rmw32 = rmw("i64", 2);

export const atomics = {
  memory: {
    atomic: {
      notify: atomic(["i32"], ["i32"], 2)(0x00),
      wait32: atomic(["i32", "i64"], ["i32"], 2)(0x01),
      wait64: atomic(["i64", "i64"], ["i32"], 3)(0x02),
    },
  },
  atomic: {
    fence: reserved("atomic", 1, { params: [], results: [] })(0x03),
  },
  i32: {
    atomic: {
      load: load("i32", 2)(0x10),
      load8_u: load("i32", 0)(0x12),
      load16_u: load("i32", 1)(0x13),
      store: store("i32", 2)(0x17),
      store8: store("i32", 0)(0x19),
      store16: store("i32", 1)(0x1a),
      rmw: {
        add: i32Rmw(0x1e),
        sub: i32Rmw(0x25),
        and: i32Rmw(0x2c),
        or: i32Rmw(0x33),
        xor: i32Rmw(0x3a),
        xchg: i32Rmw(0x41),
        cmpxchg: exchange("i32", 2)(0x48),
      },
      rmw8: {
        add_u: i32Rmw8(0x20),
        sub_u: i32Rmw8(0x27),
        and_u: i32Rmw8(0x2e),
        or_u: i32Rmw8(0x35),
        xor_u: i32Rmw8(0x3c),
        xchg_u: i32Rmw8(0x43),
        cmpxchg_u: exchange("i32", 0)(0x4a),
      },
      rmw16: {
        add_u: i32Rmw16(0x21),
        sub_u: i32Rmw16(0x28),
        and_u: i32Rmw16(0x2f),
        or_u: i32Rmw16(0x36),
        xor_u: i32Rmw16(0x3d),
        xchg_u: i32Rmw16(0x44),
        cmpxchg_u: exchange("i32", 1)(0x4b),
      },
    },
  },
  i64: {
    atomic: {
      load: load("i64", 3)(0x11),
      load8_u: load("i64", 0)(0x14),
      load16_u: load("i64", 1)(0x15),
      load32_u: load("i64", 2)(0x16),
      store: store("i64", 3)(0x18),
      store8: store("i64", 0)(0x1b),
      store16: store("i64", 1)(0x1c),
      store32: store("i64", 2)(0x1d),
      rmw: {
        add: i64Rmw(0x1f),
        sub: i64Rmw(0x26),
        and: i64Rmw(0x2d),
        or: i64Rmw(0x34),
        xor: i64Rmw(0x3b),
        xchg: i64Rmw(0x42),
        cmpxchg: exchange("i64", 3)(0x49),
      },
      rmw8: {
        add_u: i64Rmw8(0x22),
        sub_u: i64Rmw8(0x29),
        and_u: i64Rmw8(0x30),
        or_u: i64Rmw8(0x37),
        xor_u: i64Rmw8(0x3e),
        xchg_u: i64Rmw8(0x45),
        cmpxchg_u: exchange("i64", 0)(0x4c),
      },
      rmw16: {
        add_u: i64Rmw16(0x23),
        sub_u: i64Rmw16(0x2a),
        and_u: i64Rmw16(0x31),
        or_u: i64Rmw16(0x38),
        xor_u: i64Rmw16(0x3f),
        xchg_u: i64Rmw16(0x46),
        cmpxchg_u: exchange("i64", 1)(0x4d),
      },
      rmw32: {
        add_u: i64Rmw32(0x24),
        sub_u: i64Rmw32(0x2b),
        and_u: i64Rmw32(0x32),
        or_u: i64Rmw32(0x39),
        xor_u: i64Rmw32(0x40),
        xchg_u: i64Rmw32(0x47),
        cmpxchg_u: exchange("i64", 2)(0x4e),
      },
    },
  },
};
