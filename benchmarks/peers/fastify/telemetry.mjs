// POST /telemetry of the IoT BFF, as a Node team would write it: Fastify checks the body by its schema.
import Fastify from "fastify";
import { Pool } from "undici";

const pool = new Pool(process.env.UPSTREAM_TELEMETRY_URL, { connections: 64 });
const reading = {
  type: "object",
  required: ["seq", "at", "metric", "value"],
  additionalProperties: false,
  properties: {
    seq: { type: "integer", minimum: 0 },
    at: { type: "string", format: "date-time" },
    metric: { type: "string", minLength: 1, maxLength: 64 },
    value: { type: "number" },
  },
};
const receipt = { type: "object", properties: { accepted: { type: "integer" }, duplicates: { type: "integer" } } };
const schema = {
  body: { anyOf: [reading, { type: "array", minItems: 1, maxItems: 1000, items: reading }] },
  response: { 202: receipt },
};

const app = Fastify({ logger: false });

app.post("/telemetry", { schema }, async (request, reply) => {
  const device = request.headers["x-device-id"];
  if (!device) return reply.code(401).send({ status: 401 });
  const readings = Array.isArray(request.body) ? request.body : [request.body];
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: "/readings",
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      "x-device-id": device,
      "x-request-id": request.headers["x-request-id"] ?? request.id,
    },
    body: JSON.stringify({ device_id: device, readings }),
  });
  if (statusCode >= 300) throw new Error(`telemetry answered ${statusCode}`);
  reply.code(202).header("cache-control", "no-store");
  return body.json();
});

app.listen({ host: process.env.HOST, port: Number(process.env.PORT) });
