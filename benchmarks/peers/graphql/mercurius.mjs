// POST /graphql on Mercurius (Fastify), its queries compiled by graphql-jit, with Mercurius' own loaders.
import Fastify from "fastify";
import mercurius from "mercurius";
import { getOrders, getProducts, getUser, typeDefs } from "./shop.mjs";

const app = Fastify({ logger: false });

app.register(mercurius, {
  schema: typeDefs,
  resolvers: {
    Query: { me: (_, __, { user }) => getUser(user) },
    User: { orders: (_, { first }, { user }) => getOrders(user, first) },
  },
  loaders: {
    OrderItem: {
      product: (queries, { user }) => {
        const ids = [...new Set(queries.map(({ obj }) => obj.product_id))];
        return getProducts(user, ids).then((found) => {
          const byId = new Map(ids.map((id, index) => [id, found[index]]));
          return queries.map(({ obj }) => byId.get(obj.product_id));
        });
      },
    },
  },
  context: (request) => ({ user: request.headers["x-user-id"] }),
  jit: 1,
  graphiql: false,
});

app.listen({ host: process.env.HOST, port: Number(process.env.PORT) });
