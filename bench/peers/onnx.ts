// Enough of the ONNX file format (protocol buffers) to describe one graph of standard operators with
// float32 inputs and outputs. Field numbers are those of onnx.proto; a message is the bytes of its
// fields one after another:  tag = number << 3 | wire type,  0 = varint,  2 = length and bytes.

const FLOAT = 1;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;
const ATTRIBUTE_INT = 2;
const IR_VERSION = 9;

type Field = number[];

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
const integer = (number: number, value: number): Field => [
  ...varint(number << 3),
  ...varint(value),
];
const bytes = (number: number, content: number[]): Field => [
  ...varint((number << 3) | 2),
  ...varint(content.length),
  ...content,
];
const text = (number: number, value: string): Field =>
  bytes(number, [...new TextEncoder().encode(value)]);

export interface OnnxNode {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, Attribute>;
}
type Attribute = string | number | readonly number[];

export interface OnnxValue {
  name: string;
  shape: number[];
}
export interface OnnxGraph {
  opset: number;
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  nodes: OnnxNode[];
}

function attribute([name, value]: [string, Attribute]): number[] {
  const typed =
    typeof value === "string"
      ? [...text(4, value), ...integer(20, ATTRIBUTE_STRING)]
      : typeof value === "number"
        ? [...integer(3, value), ...integer(20, ATTRIBUTE_INT)]
        : [...value.flatMap((one) => integer(8, one)), ...integer(20, ATTRIBUTE_INTS)];
  return [...text(1, name), ...typed];
}

function node({ op, inputs, outputs, attributes = {} }: OnnxNode): number[] {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, op),
    ...Object.entries(attributes).flatMap((entry) => bytes(5, attribute(entry))),
  ];
}

function valueInfo({ name, shape }: OnnxValue): number[] {
  const dimensions = shape.flatMap((size) => bytes(1, integer(1, size)));
  const tensor = [...integer(1, FLOAT), ...bytes(2, dimensions)];
  return [...text(1, name), ...bytes(2, bytes(1, tensor))];
}

export function onnxModel({ opset, inputs, outputs, nodes }: OnnxGraph): Uint8Array {
  const graph = [
    ...nodes.flatMap((each) => bytes(1, node(each))),
    ...text(2, "graph"),
    ...inputs.flatMap((value) => bytes(11, valueInfo(value))),
    ...outputs.flatMap((value) => bytes(12, valueInfo(value))),
  ];
  const operators = [...text(1, ""), ...integer(2, opset)];
  return new Uint8Array([...integer(1, IR_VERSION), ...bytes(7, graph), ...bytes(8, operators)]);
}
