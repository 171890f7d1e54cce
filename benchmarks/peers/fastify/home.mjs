// GET /home of the mobile BFF, as a Node team would write it: Fastify with a response schema, undici with pools.
import Fastify from "fastify";
import { Pool } from "undici";

const pools = Object.fromEntries(
  ["user", "order", "product"].map((name) => [
    name,
    new Pool(process.env[`UPSTREAM_${name.toUpperCase()}_URL`], { connections: 64 }),
  ]),
);

const money = { type: "object", properties: { amount: { type: "string" }, currency: { type: "string" } } };
const text = { type: "string" };
const schema = {
  response: {
    200: {
      type: "object",
      properties: {
        user: { type: "object", properties: { name: text, avatar: text, tier: text, points: { type: "integer" } } },
        orders: {
          type: "array",
          items: {
            type: "object",
            properties: { id: text, status: text, total: money, title: text, more: { type: "integer" } },
          },
        },
        featured: {
          type: "array",
          items: { type: "object", properties: { id: text, name: text, price: money, image: text } },
        },
        degraded: { type: "array", items: text },
      },
    },
  },
};

async function get(service, path, headers) {
  const { statusCode, body } = await pools[service].request({ method: "GET", path, headers });
  if (statusCode !== 200) throw new Error(`${service} answered ${statusCode}`);
  return body.json();
}

async function optional(degraded, name, call, instead) {
  try {
    return await call;
  } catch {
    degraded.push(name);
    return instead;
  }
}

const app = Fastify({ logger: false });

app.get("/home", { schema }, async (request, reply) => {
  const user = request.headers["x-user-id"];
  if (!user) return reply.code(401).send({ status: 401 });
  const headers = { accept: "application/json", "x-user-id": user, "x-request-id": request.headers["x-request-id"] ?? request.id };
  const degraded = [];
  const none = { items: [] };
  const ordersOf = async () => {
    const page = await optional(degraded, "orders", get("order", `/orders?user_id=${user}&limit=3`, headers), none);
    const ids = [...new Set(page.items.filter((one) => one.items.length).map((one) => one.items[0].product_id))].sort();
    const found = ids.length
      ? await optional(degraded, "order_titles", get("product", `/products?ids=${ids.join("%2C")}`, headers), none)
      : none;
    const names = new Map(found.items.map((one) => [one.id, one.name]));
    return page.items.map((one) => ({
      id: one.id,
      status: one.status,
      total: one.total,
      title: one.items.length ? (names.get(one.items[0].product_id) ?? "") : "",
      more: Math.max(one.items.length - 1, 0),
    }));
  };
  const [profile, orders, featured] = await Promise.all([
    get("user", `/users/${user}`, headers),
    ordersOf(),
    optional(degraded, "featured", get("product", "/products?limit=3", headers), none),
  ]);
  reply.header("cache-control", "no-store");
  return {
    user: { name: profile.name, avatar: profile.avatar.url, tier: profile.loyalty.tier, points: profile.loyalty.points },
    orders,
    featured: featured.items.map((one) => ({ id: one.id, name: one.name, price: one.price, image: one.images[0]?.url })),
    degraded: degraded.sort(),
  };
});

app.listen({ host: process.env.HOST, port: Number(process.env.PORT) });
