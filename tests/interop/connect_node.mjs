// node connect_node.mjs HOST:PORT KEY DESCRIPTORS: a unary call, a stream, an unknown method.
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { readFileSync } from "fs";

const [target, key, descriptors] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const service = registry.getService("gridworks.api.trading.v1.TradingService");
const client = createClient(service, createGrpcTransport({ baseUrl: `http://${target}` }));
const headers = { authorization: `Bearer ${key}` };
const [BUY, LIMIT, NEW] = [1, 2, 1];

const order = { clOrdId: 881n, instrument: "instruments/ACME", side: BUY, ordType: LIMIT, orderQty: "1", price: "0.50" };
const made = await client.submitOrder({ parent: "accounts/alice", order }, { headers });
console.log("unary", made.order.working);
try {
  await client.getOrder({ name: "x" }, { headers });
} catch (refused) {
  console.log("unknown", refused.code);
}
async function* requests() {
  yield { logon: { session: "connect", account: "accounts/alice" } };
  for (let number = 1n; number <= 100n; ++number) {
    yield { msgSeqNum: number, commands: [{ command: NEW, clOrdId: 88000n + number, instrument: 1, side: BUY, ordType: LIMIT, orderQty: 1n, price: 40n }] };
  }
  yield { logout: {} };
}
let reports = 0;
for await (const answer of client.orderEntry(requests(), { headers })) reports += answer.reports.length;
console.log("stream", reports, 0);
process.exit(0);
