// Prints the frames of edge-video as they come. Node 18 or later; npm install amqplib
//
//   node consumer.mjs amqp://user:password@broker:5672/%2F edge-video [FRAMES]
//
// What a frame is and what its headers mean: docs/frames.md.

import amqp from "amqplib";

const [url, exchange, most = "Infinity"] = process.argv.slice(2);
if (!exchange) {
  console.error("usage: node consumer.mjs AMQP-URL EXCHANGE [FRAMES]");
  process.exit(2);
}

const connection = await amqp.connect(url);
const channel = await connection.createChannel();
await channel.assertExchange(exchange, "topic", { durable: true });
// A queue of our own, bounded: a consumer that falls behind loses old frames, and nobody waits.
const { queue } = await channel.assertQueue("", {
  exclusive: true,
  maxLength: 5,
  messageTtl: 2000,
});
await channel.bindQueue(queue, exchange, "#"); // "#": every camera; a routing key: one of them
await channel.prefetch(1);

// Others may publish to the exchange, too.
function isFrame({ properties, content }) {
  return (
    properties.contentType === "image/jpeg" &&
    typeof properties.headers?.camera_id === "string" &&
    content[0] === 0xff &&
    content[1] === 0xd8
  );
}

// Where nodes share a camera, frames of one that was replaced are ignored.
const newest = new Map();
function counts({ properties: { headers } }) {
  const epoch = headers.epoch ?? 0;
  const before = newest.get(headers.camera_id) ?? 0;
  newest.set(headers.camera_id, Math.max(epoch, before));
  return epoch >= before;
}

let frames = 0;
await channel.consume(queue, async (message) => {
  if (message === null) {
    console.error("the broker took the queue away");
    process.exit(1);
  }
  if (isFrame(message) && counts(message)) {
    // 64 bits: a number of JavaScript holds seq, and not every captured_at_ns exactly.
    const { camera_id: camera, seq, width, height } = message.properties.headers;
    console.log(`${camera} ${seq} ${width}x${height} ${message.content.length} bytes`);
    frames += 1;
  }
  channel.ack(message);
  if (frames === Number(most)) await connection.close();
});
connection.on("error", (error) => console.error(error.message));
// When the broker goes, whoever runs this starts it again.
connection.on("close", () => process.exit(frames === Number(most) ? 0 : 1));
