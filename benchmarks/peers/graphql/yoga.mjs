// POST /graphql on GraphQL Yoga, with a DataLoader for each request.
import { createServer } from "node:http";
import DataLoader from "dataloader";
import { createSchema, createYoga } from "graphql-yoga";
import { getOrders, getProducts, getUser, typeDefs } from "./shop.mjs";

const resolvers = {
  Query: { me: (_, __, { user }) => getUser(user) },
  User: { orders: (_, { first }, { user }) => getOrders(user, first) },
  OrderItem: { product: (item, _, { products }) => products.load(item.product_id) },
};

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context: ({ request }) => {
    const user = request.headers.get("x-user-id");
    return { user, products: new DataLoader((ids) => getProducts(user, ids)) };
  },
  logging: false,
  graphiql: false,
  landingPage: false,
});

createServer(yoga).listen(Number(process.env.PORT), process.env.HOST);
