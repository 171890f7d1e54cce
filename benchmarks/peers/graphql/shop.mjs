// What both servers share: the schema, and the calls to the services.
import { Pool } from "undici";

const pools = Object.fromEntries(
  ["user", "order", "product"].map((name) => [
    name,
    new Pool(process.env[`UPSTREAM_${name.toUpperCase()}_URL`], { connections: 64 }),
  ]),
);

async function get(service, path, user) {
  const headers = { accept: "application/json", "x-user-id": user };
  const { statusCode, body } = await pools[service].request({ method: "GET", path, headers });
  if (statusCode !== 200) throw new Error(`${service} answered ${statusCode}`);
  return body.json();
}

export const getUser = (user) => get("user", `/users/${encodeURIComponent(user)}`, user);

export const getOrders = async (user, first) =>
  (await get("order", `/orders?user_id=${encodeURIComponent(user)}&limit=${first}`, user)).items;

export async function getProducts(user, ids) {
  const { items } = await get("product", `/products?ids=${encodeURIComponent(ids.join(","))}`, user);
  const found = new Map(items.map((one) => [one.id, one]));
  return ids.map((id) => found.get(id) ?? null);
}

export const typeDefs = `
  type Money { amount: String! currency: String! }
  type Product { id: ID! name: String! price: Money! }
  type OrderItem { quantity: Int! product: Product }
  type Order { id: ID! status: String! total: Money! items: [OrderItem!]! }
  type User { id: ID! name: String! email: String! orders(first: Int = 20): [Order!]! }
  type Query { me: User! }
`;
