// node grpc_js.js HOST:PORT KEY DESCRIPTORS: a unary call, a stream, an unknown method.
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const fs = require("fs");

const [target, key, descriptors] = process.argv.slice(2);
const api = grpc.loadPackageDefinition(
  loader.loadFileDescriptorSetFromBuffer(fs.readFileSync(descriptors), { longs: Number, enums: String, defaults: true }),
).gridworks.api.trading.v1;
const client = new api.TradingService(target, grpc.credentials.createInsecure());
const key_of = new grpc.Metadata();
key_of.add("authorization", `Bearer ${key}`);
const order = {
  cl_ord_id: 771, instrument: "instruments/ACME", side: "SIDE_BUY", ord_type: "ORD_TYPE_LIMIT",
  order_qty: "1", price: "0.50",
};

client.SubmitOrder({ parent: "accounts/alice", order }, key_of, (error, made) => {
  if (error) throw error;
  console.log("unary", made.order.working);
  client.GetOrder({ name: "x" }, key_of, (refused) => {
    console.log("unknown", refused.code);
    const stream = client.OrderEntry(key_of);
    let reports = 0;
    stream.on("data", (answer) => { reports += answer.reports.length; });
    stream.on("status", (status) => { console.log("stream", reports, status.code); client.close(); });
    stream.write({ logon: { session: "grpc-js", account: "accounts/alice" } });
    for (let number = 1; number <= 100; ++number) {
      stream.write({ msg_seq_num: number, commands: [{
        command: "COMMAND_NEW_ORDER", cl_ord_id: 77000 + number, instrument: 1, side: "SIDE_BUY",
        ord_type: "ORD_TYPE_LIMIT", order_qty: 1, price: 40,
      }] });
    }
    stream.write({ logout: {} });
    stream.end();
  });
});
